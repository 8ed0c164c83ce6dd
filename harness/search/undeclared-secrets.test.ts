/** What a deployment deals is long-term, whether it is among the declared long-term secrets or not. */
import { expect, test } from "vitest";
import type { Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, subjectFor, tiny } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const saltBytes = 16;
const nonce = new Uint8Array(12);

/** Each reading has a key of its own, made of a salt in the clear and a key that was dealt. */
function readings(declares: boolean): Protocol {
  const protocol: Partial<Protocol> = {
    deploy({ crypto }) {
      const psk = crypto.random(32);
      return {
        open: (role, env) => {
          const keyOf = (salt: Uint8Array) =>
            env.crypto.hkdf({ hash: "sha256", key: psk, salt, length: 32 });
          return {
            handle(input) {
              if (input.kind === "start") return role === "client" ? [{ kind: "ready" }] : [];
              if (input.kind === "send") {
                const salt = env.crypto.random(saltBytes);
                const key = keyOf(salt);
                const sealed = env.crypto.seal("chacha20-poly1305", key, nonce, input.message);
                return [{ kind: "transmit", bytes: concat(salt, sealed) }];
              }
              if (input.kind !== "datagram") return [];
              const key = keyOf(input.bytes.slice(0, saltBytes));
              const sealed = input.bytes.slice(saltBytes);
              const message = env.crypto.open("chacha20-poly1305", key, nonce, sealed);
              return message === undefined
                ? [{ kind: "reject", reason: "bad-tag" }]
                : [deliver(message, "alice")];
            },
          };
        },
        longTermSecrets: () => (declares ? [psk] : []),
      };
    },
  };
  const messages = [{ from: "client", message: utf8("the valve is open") }];
  return tiny({
    client: () => () => [],
    server: () => () => [],
    protocol,
    sessions: [{ start: 0, messages }],
  });
}

test.each([true, false])("forward secrecy of a dealt key, declared: %s", (declares) => {
  const settings = { seed: "undeclared", guarantees: ["forward-secrecy", "confidentiality"] };
  const { verdicts, remarks } = assess(subjectFor(readings(declares)), settings);
  expect(verdicts.map((v) => `${v.guarantee} ${v.verdict} ${v.capability}`)).toEqual([
    "confidentiality holds null",
    "forward-secrecy broken disclosure",
  ]);
  const told = ["alice", "bob"].map((name) =>
    expect.stringContaining(`longTermSecrets("${name}")`),
  );
  expect(remarks).toEqual(declares ? undefined : told);
});
