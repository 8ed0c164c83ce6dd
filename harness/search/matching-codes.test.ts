/** A few digits that users compare: what it takes until both ends show the same. */
import { describe, expect, test } from "vitest";
import type { DeployEnv, Deployment, Env, Output } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";
import { shortStrings } from "../../protocol/textbook/short-strings.ts";
import { type Handler, subjectFor, tiny } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const guarantees = ["server-authentication", "client-authentication"];
const verdictsOf = (subject: Parameters<typeof assess>[0]) =>
  assess(subject, { seed: "digits", guarantees }).verdicts;

describe("the textbook's protocol", () => {
  const of = (options: Record<string, string>) => verdictsOf(subjectFor(shortStrings, options));

  test.each([
    ["4", "10,000"],
    ["6", "1,000,000"],
  ])("%s digits and a commitment: nothing but luck, which is told", (digits, tries) => {
    for (const { verdict, because } of of({ digits })) {
      expect(verdict).toBe("holds");
      expect(because).toContain(`with a probability of about k in ${tries},`);
    }
  });

  test.each([
    ["4", "about 10,000 tries until both ends show the same"],
    ["6", "about 1,000,000 tries until both ends show the same"],
  ])("%s digits without a commitment: %s", (digits, compute) => {
    for (const { verdict, capability, finding } of of({ digits, commitment: "no" })) {
      expect([verdict, capability, finding?.compute]).toEqual(["broken", "on-path", compute]);
    }
  });

  test("digits that nobody compares: no tries at all", () => {
    for (const { verdict, finding } of of({ compare: "nobody" })) {
      expect([verdict, finding?.compute]).toEqual(["broken", null]);
    }
  });
});

/** Fresh values are exchanged, and a code over both of them is compared; it may have a key. */
const coded = (length: number, keyed: boolean) => {
  const part =
    (key: Uint8Array, first: boolean) =>
    ({ crypto, peer = "alice" }: Env): Handler => {
      let own = new Uint8Array(0) as Uint8Array;
      let agreed: Uint8Array | undefined;
      let code = own;
      const settle = (both: Uint8Array): readonly Output[] => {
        agreed = both;
        const sum = keyed ? crypto.hmac("sha256", key, both) : crypto.hash("sha256", both);
        code = crypto.encode("hex", sum).slice(0, length);
        const running = { kind: "running", peer, agreed } as const;
        return [
          { kind: "claim", claim: running },
          { kind: "show", value: code, to: peer },
        ];
      };
      return (input) => {
        if (input.kind === "start" && first) {
          own = crypto.random(16);
          return [{ kind: "transmit", bytes: own }];
        }
        if (input.kind === "datagram" && agreed === undefined) {
          if (first) return settle(concat(own, input.bytes));
          own = crypto.random(16);
          return [...settle(concat(input.bytes, own)), { kind: "transmit", bytes: own }];
        }
        if (input.kind !== "shown" || agreed === undefined) return [];
        if (!crypto.equal(code, input.value)) return [];
        return [{ kind: "claim", claim: { kind: "commit", peer, agreed } }];
      };
    };
  const none = (): Handler => () => [];
  const deploy = ({ crypto }: DeployEnv): Deployment => {
    const key = crypto.random(32);
    return {
      open: (role, env) => ({ handle: part(key, role === "client")(env) }),
      longTermSecrets: () => [key],
    };
  };
  return tiny({ client: none, server: none, protocol: { deploy } });
};

describe("a code of an exchange without commitment", () => {
  test.each([
    [
      "five digits of hex",
      5,
      false,
      "broken",
      "about 1,048,576 tries until both ends show the same",
    ],
    ["five digits of hex that depend on a key", 5, true, "holds", undefined],
    ["sixteen digits, which nobody finds twice", 16, false, "holds", undefined],
  ] as const)("%s", (_, length, keyed, expected, compute) => {
    for (const { verdict, finding, because } of verdictsOf(subjectFor(coded(length, keyed)))) {
      expect([verdict, finding?.compute]).toEqual([expected, compute]);
      expect(because).not.toContain("probability");
    }
  });
});
