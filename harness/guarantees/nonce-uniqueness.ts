import { isAttacker } from "../../attacker/move.ts";
import type { Guarantee } from "./guarantee.ts";

export const nonceUniqueness: Guarantee = {
  id: "nonce-uniqueness",
  statement: "No pair of key and nonce (or IV) encrypts two different plaintexts.",
  source: "RFC 5116 §3.1; A. Joux: Authentication failures in NIST version of GCM, 2006",
  twin: "preshared?nonces=off",
  layered: true,
  secrecy: false,
  safety: true,
  notApplicable: ({ honest }) =>
    honest.crypto.some((op) => op.op === "aead" || op.op === "cipher")
      ? undefined
      : "nothing is encrypted under a nonce or IV",
  judge(trace) {
    const used = new Map<string, string>();
    let atStake = 0;
    for (const op of trace.crypto) {
      if (isAttacker(op.by)) continue;
      if (op.backwards || (op.op !== "aead" && op.op !== "cipher")) continue;
      atStake++;
      const [key = "", nonce = "", ...rest] = op.inputs;
      const pair = `${key.length}/${key}${nonce}`;
      // Whoever sees the same bytes twice learns nothing new: only a difference counts.
      const content = rest.join("\u0100");
      const before = used.get(pair);
      if (before !== undefined && before !== content) {
        const because = `${op.by} encrypts a second plaintext under a key and nonce already used (${op.algorithm})`;
        return { atStake, violation: { because } };
      }
      used.set(pair, content);
    }
    return { atStake };
  },
};
