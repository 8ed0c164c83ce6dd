/**
 * One-time codes that a deployment deals only when they are asked for. A puppet has a deployment of
 * its own and is dealt the same ones: that they are not on record yet makes them no constants.
 */
import { describe, expect, test } from "vitest";
import type { Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, protocolOf, subjectFor } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const codeBytes = 16;

/** The nth message goes with the nth code, in the clear; each is good once. */
const oneTimeCodes = (dealt: "at once" | "when asked for"): Protocol =>
  protocolOf(
    {},
    {
      sessions: [{ start: 0, messages: say("client", "open the front door", "shut it") }],
      protocol: {
        deploy({ crypto }) {
          const codes: Uint8Array[] = [];
          const code = (nth: number): Uint8Array => {
            while (codes.length <= nth) codes.push(crypto.random(codeBytes));
            return codes[nth] as Uint8Array;
          };
          if (dealt === "at once") code(9);
          return {
            open(role) {
              let used = 0;
              return {
                handle(input) {
                  if (input.kind === "start") return role === "client" ? [{ kind: "ready" }] : [];
                  if (input.kind === "send") {
                    return [{ kind: "transmit", bytes: concat(code(used++), input.message) }];
                  }
                  if (input.kind !== "datagram") return [];
                  const given = input.bytes.slice(0, codeBytes);
                  if (!equalBytes(given, code(used)))
                    return [{ kind: "reject", reason: "unauthorized" }];
                  used++;
                  return [deliver(input.bytes.slice(codeBytes), "alice")];
                },
              };
            },
            longTermSecrets: () => codes,
          };
        },
      },
    },
  );

describe("one-time codes, dealt", () => {
  test.each(["at once", "when asked for"] as const)(
    "%s: it takes an attacker on the path",
    (dealt) => {
      const [origin] = assess(subjectFor(oneTimeCodes(dealt)), {
        seed: "codes",
        guarantees: ["origin"],
      }).verdicts;
      expect(`${origin?.verdict} ${origin?.capability}`).toBe("broken on-path");
    },
  );
});
