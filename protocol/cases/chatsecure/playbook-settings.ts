/** Two clients and their relay, as a playbook opens them. */
import type { Settings } from "../../testing/playbook.ts";
import { chatsecure } from "./chatsecure.ts";

export const ends = {
  adam: "adam:40000",
  eve: "eve:40000",
  server: "server:8080",
} as const;
export const settings: Settings = {
  protocol: chatsecure,
  ends,
  others: ["mallory"],
  programsEnd: true,
  stores: "at-deployment",
};
