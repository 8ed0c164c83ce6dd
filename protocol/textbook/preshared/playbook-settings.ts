/** Clients and their server, as a playbook opens them. */
import type { Settings } from "../../testing/playbook.ts";
import { byType } from "../../testing/tell.ts";
import { preshared } from "./preshared.ts";

export const serverAddress = "bob:7000";
const types = ["?", "hello", "challenge", "proof", "welcome", "data", "ack", "close"];
export const typeOf = ({ bytes }: { readonly bytes: Uint8Array }): string =>
  types[bytes[0] ?? 0] ?? "?";

export const settings: Settings = {
  protocol: preshared,
  others: ["carol"],
  packetName: byType(typeOf),
  stores: "never",
};
