/** The client and the device, as a playbook opens them. */
import type { Settings } from "../../testing/playbook.ts";
import { smartIot } from "./smart-iot.ts";

export const ends = { client: "alice:50000", device: "bob:50001" } as const;
export const settings: Settings = { protocol: smartIot, ends, programsEnd: true };
