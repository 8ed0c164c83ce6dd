/** Clients of the secure channel, or of what is built on it, and their server. */
import type { Settings } from "../testing/playbook.ts";
import { byType } from "../testing/tell.ts";
import { secureChannel } from "./secure-channel.ts";

export const serverAddress = "bob:5683";
/** Where users log in. */
export const loginAddress = "bob:5685";
const types = ["M1", "RETRY", "M2", "M3", "M4", "ERROR"];
export const typeOf = ({ bytes: [first = 0] }: { readonly bytes: Uint8Array }): string =>
  first < 0x80 ? "record" : (types[first - 0x80] ?? "?");

export const settings: Settings = {
  protocol: secureChannel,
  others: ["carol"],
  packetName: byType(typeOf),
};
