/** Two clients and their server, as a playbook opens them. */
import { lossyText } from "../../kit/bytes.ts";
import type { Settings } from "../../testing/playbook.ts";
import { byLength } from "../../testing/tell.ts";
import { securecom } from "./securecom.ts";

export const ends = {
  alice: "alice:40000",
  bob: "bob:40002",
  server: "server:4310",
} as const;
/** Short texts as they are; the others are numbers or encrypted. */
function packetName(bytes: Uint8Array): string {
  const text = lossyText(bytes);
  return /^[ -~]{1,40}$/.test(text) ? `“${text}”` : byLength(bytes);
}

export const settings: Settings = {
  protocol: securecom,
  ends,
  packetName,
  programsEnd: true,
  typingMs: 20,
  untilMs: 20_000,
};
