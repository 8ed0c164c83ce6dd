/** Client and server, as a playbook opens them. */
import type { Settings } from "../../testing/playbook.ts";
import { objectSecurity } from "./object-security.ts";

export const ends = { client: "alice:40000", server: "bob:5004" } as const;
export const settings: Settings = {
  protocol: objectSecurity,
  ends,
  programsEnd: true,
  stores: "never",
};
