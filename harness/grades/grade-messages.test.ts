/** Grades found by making runs, held against what people have written down. */
import { describe, expect, test } from "vitest";
import type { Protocol } from "../../protocol/endpoint.ts";
import { noise } from "../../protocol/textbook/noise/noise.ts";
import { expectedGrades, foundGrades, fundamental, others } from "../testing/noise-grades.ts";
import { subjectFor } from "../testing/tiny.ts";
import { gradeMessages } from "./grade-messages.ts";

const settings = { seed: "grades", sessions: 1 };
const withOptions = (protocol: Protocol, options: Readonly<Record<string, string>> = {}) => {
  const subject = subjectFor(protocol);
  return { ...subject, options: { ...subject.options, ...options } };
};

describe("Noise, as its specification has it", () => {
  test.each(Object.keys({ ...fundamental, ...others }))("%s", (pattern) => {
    const { messages } = gradeMessages(withOptions(noise, { pattern }), settings);
    const count = pattern.length === 1 ? 3 : 5;
    expect(foundGrades(messages)).toEqual(expectedGrades(pattern, count));
  });
});
