/** What two worlds that differ in a secret show, and what they do not. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes, hex, utf8 } from "../../protocol/kit/bytes.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import type { Subject } from "../subject.ts";
import { sharingKey, subjectFor, tiny, transmit, words } from "../testing/tiny.ts";
import type { GuaranteeVerdict } from "../verdict.ts";
import { Campaign } from "./campaign.ts";
import { tellApart } from "./two-worlds.ts";

const ids = ["indistinguishability", "constant-work"];

function judged(subject: Subject): readonly GuaranteeVerdict[] {
  const campaign = new Campaign(subject, { seed: "mallory", guarantees: ids });
  tellApart(campaign);
  return campaign.finish(null).verdicts;
}

/** The verdicts in the order of {@link ids}, with the weakest capability. */
const verdicts = (subject: Subject): readonly string[] =>
  judged(subject).map((v) =>
    [v.verdict, ...(v.capability === null ? [] : [v.capability])].join(" "),
  );
const bundled = (name: string): Subject => bundledSubject(parseProtocolName(name));
const because = (protocol: Protocol, id = "indistinguishability"): string | undefined => {
  const verdict = judged(subjectFor(protocol)).find((v) => v.guarantee === id);
  return verdict?.verdict === "broken" ? verdict.because : undefined;
};

describe("on the shelf", () => {
  test.each([
    ["cbc-records", "holds", "holds"],
    ["cbc-records?iv=chained", "broken on-path", "holds"],
    ["cbc-records?order=mac-first", "broken on-path", "broken on-path"],
    ["cbc-records?compression=on", "broken passive", "holds"],
    ["hashed-login", "broken off-path", "broken off-path"],
    ["hashed-login?strangers=challenged", "holds", "holds"],
    ["preshared?encryption=off", "broken passive", "holds"],
    ["signed-dh", "holds", "holds"],
  ])("%s: %s, %s", (name, ...expected) => {
    expect(verdicts(bundled(name))).toEqual(expected);
  });

  test("what is found is an attack that is written down", () => {
    const [found] = judged(bundled("cbc-records?iv=chained"));
    expect(found?.finding?.attack.workload).toBe("contents-different");
    expect(found?.finding?.steps).toEqual([
      expect.stringMatching(
        /^has the user of sender#0 send “a+”, XORed with .* of the 2nd packet from sender#0 to receiver#0 and with .*, as the 2nd message$/,
      ),
    ]);
    expect(found?.exhaustiveDepth).toBeNull();
  });
});

/** The client's user sends texts as `seal` makes them; the server answers as it likes. */
const sending = (
  seal: (env: Env, key: Uint8Array, text: Uint8Array) => Uint8Array,
  answer: (env: Env, key: Uint8Array, bytes: Uint8Array) => readonly Output[] = () => [],
): Protocol =>
  sharingKey(
    (env, key) => (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      return input.kind === "send"
        ? [{ kind: "transmit", bytes: seal(env, key, input.message) }]
        : [];
    },
    (env, key) => (input) => (input.kind === "datagram" ? answer(env, key, input.bytes) : []),
  );

const aead = "chacha20-poly1305";
const sealed = ({ crypto }: Env, key: Uint8Array, text: Uint8Array): Uint8Array => {
  const nonce = crypto.random(12);
  return concat(nonce, crypto.seal(aead, key, nonce, text));
};

describe("contents", () => {
  test("sealed under random nonces show nothing", () => {
    expect(because(sending(sealed))).toBeUndefined();
  });

  test("show where equal texts give equal ciphertexts", () => {
    const protocol = sending(({ crypto }, key, text) =>
      crypto.encrypt("aes-cbc", key, new Uint8Array(16), text),
    );
    expect(because(protocol)).toMatch(/no longer repeats what is in packet 1 from client#0/);
  });

  test("show where a hash of them is sent beside", () => {
    const protocol = sending((env, key, text) =>
      concat(sealed(env, key, text), env.crypto.hash("sha256", text).slice(0, 4)),
    );
    expect(because(protocol)).toMatch(/^with other contents of the same lengths, /);
  });

  test("show by when somebody answers", () => {
    const late = (env: Env, key: Uint8Array): Endpoint => {
      let due: number | undefined;
      return {
        handle(input, now) {
          if (input.kind === "timeout") {
            due = undefined;
            return [transmit("done", "alice:40000")];
          }
          if (input.kind !== "datagram") return [];
          const text = env.crypto.open(aead, key, input.bytes.slice(0, 12), input.bytes.slice(12));
          due = now + new Set(text).size;
          return [];
        },
        deadline: () => due,
      };
    };
    const protocol = sending(sealed);
    const slow: Protocol = {
      ...protocol,
      deploy(about) {
        const deployment = protocol.deploy(about);
        const key = deployment.longTermSecrets("alice")[0] as Uint8Array;
        return {
          ...deployment,
          open: (role, env) => (role === "server" ? late(env, key) : deployment.open(role, env)),
        };
      },
    };
    expect(because(slow)).toMatch(/server#0 to client#0: 4 bytes, at \d+ ms/);
  });

  test("show nothing by sizes that are drawn", () => {
    const protocol = sending((env, key, text) =>
      concat(sealed(env, key, text), new Uint8Array(env.crypto.randomInt(3))),
    );
    expect(because(protocol)).toBeUndefined();
  });

  test("are not compared where they are not taken", () => {
    const protocol = sending((env, key, text) => {
      if (equalBytes(text.slice(0, 2), utf8("aa"))) throw new Error("what a text");
      return sealed(env, key, text);
    });
    const [verdict] = judged(subjectFor(protocol));
    expect(verdict?.verdict).toBe("unknown");
  });
});

/** Two users in turn; each shows what `token` makes of its name. */
const twoUsers = (token: (env: Env) => Uint8Array): Protocol =>
  tiny({
    client: (env) => (input) =>
      input.kind === "start" ? [{ kind: "transmit", bytes: token(env) }] : [],
    server: () => () => [],
    sessions: [
      { start: 0, messages: [] },
      { start: "after-previous", messages: [], principals: { client: "carol" } },
    ],
  });

describe("users", () => {
  test("show by a hash of their names", () => {
    const protocol = twoUsers((env) => env.crypto.hash("sha256", utf8(env.self)));
    expect(because(protocol)).toMatch(
      /^with another user acting, byte \d+ of packet 1 from client#0/,
    );
  });

  test("show nothing by what is drawn", () => {
    expect(because(twoUsers((env) => env.crypto.random(32)))).toBeUndefined();
  });

  test("that say who they are have nothing to hide here", () => {
    expect(because(twoUsers((env) => utf8(env.self)))).toBeUndefined();
  });
});

/** One user; `answer` gets what was found under the name that was sent, and the password. */
const loggingIn = (
  answer: (env: Env, known: boolean, name: string, code: Uint8Array) => string,
): Protocol =>
  tiny({
    client:
      ({ crypto }) =>
      (input) => {
        if (input.kind !== "start") return [];
        const code = crypto.hash("sha256", utf8("wheelbarrow"));
        return [{ kind: "transmit", bytes: concat(utf8("alice"), code) }];
      },
    server: (env) => (input) => {
      if (input.kind !== "datagram") return [];
      const name = words(input.bytes.slice(0, 5));
      return [transmit(answer(env, name === "alice", name, input.bytes.slice(5)))];
    },
    sessions: [{ start: 0, messages: [] }],
    deployment: {
      credentials: [{ principal: "alice", user: utf8("alice"), password: utf8("wheelbarrow") }],
    },
  });

describe("names", () => {
  test("show by an answer of equal length", () => {
    const protocol = loggingIn((_, known) => (known ? "wrong password" : "no such person"));
    expect(because(protocol)).toMatch(
      /^for a name that nobody has, byte \d+ of packet 1 from server/,
    );
  });

  test("show nothing where an answer repeats them", () => {
    expect(because(loggingIn((_, __, name) => `not you, ${name}`))).toBeUndefined();
  });

  test("show by work alone", () => {
    const protocol = loggingIn(({ crypto }, known) => {
      if (known) crypto.hash("sha256", utf8("wheelbarrow"));
      return "no";
    });
    expect(because(protocol)).toBeUndefined();
    expect(because(protocol, "constant-work")).toBe(
      "for a name that nobody has, server#0 carries out hash (sha256) 0 times instead of once, " +
        "which takes a time of its own",
    );
  });

  test("that nobody has show, by an answer, that somebody has the password", () => {
    const isAlices = (env: Env, code: Uint8Array): boolean =>
      env.crypto.equal(code, env.crypto.hash("sha256", utf8("wheelbarrow")));
    // It looks for the password before it looks for the name; and one that answers all alike.
    const hasty = loggingIn((env, _, __, code) => (isAlices(env, code) ? "no name" : "no word"));
    expect(because(hasty)).toMatch(
      /^with a user's password for a name that nobody has, byte \d+ of packet 1 from server/,
    );
    const sound = loggingIn((env, known, _, code) => (isAlices(env, code) && known ? "yes" : "no"));
    expect(because(sound)).toBeUndefined();
    expect(because(sound, "constant-work")).toBeUndefined();
    const echoing = loggingIn((_, __, ___, code) => `not ${hex(code)}`);
    expect(because(echoing)).toBeUndefined();
  });

  test("are not at stake where the program needs a key that only the user has", () => {
    const protocol = loggingIn((_, known) => (known ? "yes" : "no"));
    const keyed: Protocol = {
      ...protocol,
      deploy(about) {
        const deployment = protocol.deploy(about);
        const key = about.crypto.random(32);
        return {
          ...deployment,
          longTermSecrets: () => [key],
          open(role, env) {
            if (role === "client") env.crypto.hmac("sha256", key, utf8("it is me"));
            return deployment.open(role, env);
          },
        };
      },
    };
    expect(because(keyed)).toBeUndefined();
  });
});

test("a protocol in which nobody says anything has nothing at stake", () => {
  const silent = tiny({ client: () => () => [transmit("hello")], server: () => () => [] });
  const [verdict] = judged(subjectFor(silent));
  expect(verdict).toMatchObject({ verdict: "unknown" });
  expect(verdict?.because).toMatch(/no message is sent, and nobody logs in/);
});
