/** What the help of a command offers; apart from the commands, so that help loads none of them. */

export const listNames = [
  "protocols",
  "guarantees",
  "strategies",
  "scenarios",
  "capabilities",
] as const;
export type ListName = (typeof listNames)[number];

/** The ids of reports/formats.ts. */
export const formatNames = ["html", "markdown", "json", "text", "junit", "sarif"] as const;
