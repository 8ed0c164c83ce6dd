import { isAdversaryProcess } from "../../attacker/move.ts";
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import type { Guarantee } from "./guarantee.ts";

const takesNonce = ({ op }: OpRecord): boolean => operations[op].nonce !== undefined;

/** Plaintext and associated data: all inputs after key and nonce. */
const isSameContent = (a: OpRecord, b: OpRecord): boolean =>
  a.inputs.length === b.inputs.length &&
  a.inputs.every((input, i) => i < 2 || input === b.inputs[i]);

export const nonceUniqueness: Guarantee = {
  id: "nonce-uniqueness",
  statement: "No pair of key and nonce (or IV) encrypts two different plaintexts.",
  source: "RFC 5116 §3.1; A. Joux: Authentication failures in NIST version of GCM, 2006",
  twin: "preshared?nonces=off",
  layered: true,
  secrecy: false,
  safety: true,
  notApplicable: ({ honest }) =>
    honest.crypto.some(takesNonce) ? undefined : "nothing is encrypted under a nonce or IV",
  judge(trace) {
    const used = new Map<Latin1, Map<Latin1, OpRecord>>();
    let atStake = 0;
    for (const op of trace.crypto) {
      if (isAdversaryProcess(op.by)) continue;
      if (op.backwards || !takesNonce(op)) continue;
      atStake++;
      const [key = "", nonce = ""] = op.inputs;
      const underKey = used.get(key) ?? new Map<Latin1, OpRecord>();
      used.set(key, underKey);
      const before = underKey.get(nonce);
      // The same ciphertext again reveals nothing new: only different content counts.
      if (before !== undefined && !isSameContent(before, op)) {
        const because = `${op.by} encrypts a second plaintext under a key and nonce already used (${op.algorithm})`;
        return { atStake, violation: { because } };
      }
      underKey.set(nonce, op);
    }
    return { atStake };
  },
};
