/** Both ends, as a playbook opens them; the client is bob. */
import type { Settings } from "../../testing/playbook.ts";
import { aliceBob } from "./alice-bob.ts";

export const ends = { client: "bob:40000", server: "alice:1024" } as const;
export const settings: Settings = {
  protocol: aliceBob,
  ends,
  programsEnd: true,
  typingMs: 20,
  untilMs: 20_000,
};
