/** When a puppet goes on, when it waits, and what leaves it: its four rules as tables. */
import { describe, expect, test } from "vitest";
import type { Output } from "../protocol/endpoint.ts";
import { concat, hex, latin1, text, utf8 } from "../protocol/kit/bytes.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import { masks } from "./non-interference.ts";
import { Lab } from "./testing/lab.ts";
import {
  type Code,
  digitsOf,
  iv12,
  iv16,
  type Made,
  type Play,
  PuppetStage,
  shown,
} from "./testing/puppet-stage.ts";

const chacha = "chacha20-poly1305";
const send = (bytes: Uint8Array): Output => ({ kind: "transmit", bytes });
const macOf = (c: CryptoKit, { key }: Made, content = "n") => c.hmac("sha256", key, utf8(content));
const open = (c: CryptoKit, { key, sealed }: Made) => c.open(chacha, key, iv12, sealed);
const iv32 = new Uint8Array(32);
const yesOrNo = (is: boolean): Uint8Array => utf8(is ? "yes" : "no");

/** `goes on`: there is nothing to send. `held`: there is a packet, and it does not leave. */
type Fate = "goes on" | "sends" | "held" | "stalls" | "dies";

function fateOf({ puppet, wants }: PuppetStage, [line, packet]: readonly string[]): Fate {
  if (puppet.dead) return "dies";
  if (line === undefined) return "stalls";
  if (packet !== undefined) return "sends";
  return wants ? "held" : "goes on";
}

/** @param then what is seen later, after which there is nothing to wait for any more. */
type Row = readonly [what: string, seen: string, code: Code, fate: Fate, then?: string];

/** The adversary knows what a puppet draws. */
const drawing: readonly Row[] = [
  ["bytes", "", (c) => c.random(16), "sends"],
  ["a MAC under a key that is drawn", "", (c) => c.hmac("sha256", c.random(32), iv12), "sends"],
  ["a public key", "", (c) => c.keyPair("x25519").publicKey, "sends"],
];

/** Forward operations are computed; bytes leave if the attacker can derive them. */
const sending: readonly Row[] = [
  ["a MAC under a known key", "key", (c, m) => macOf(c, m), "sends"],
  ["a MAC under an unknown key", "", (c, m) => macOf(c, m), "held", "key"],
  ["a MAC that has passed by", "mac", (c, m) => macOf(c, m, "m"), "sends"],
  ["half of an unknown MAC", "", (c, m) => macOf(c, m, "m").slice(16), "held", "mac"],
  ["an unknown hash among text", "", (_, m) => concat(utf8("t "), m.digest), "held", "digest"],
  ["an honest party's ciphertext, unseen", "", (_, m) => m.sealed, "held", "sealed"],
  ["a signature with an unknown key", "", (c, m) => c.sign(m.private, iv12), "held", "private"],
  [
    "its own words under an unknown key",
    "",
    (c, m) => c.seal(chacha, m.key, iv12, utf8("its own words")),
    "held",
    "key",
  ],
  [
    "a secret under its own key",
    "",
    (c, m) => c.seal(chacha, iv32, iv12, m.secret),
    "held",
    "secret",
  ],
  ["eight digits of an unknown MAC", "", (c, m) => digitsOf(macOf(c, m, "m")), "held", "mac"],
  ["four digits of it: they can be guessed", "", (c, m) => digitsOf(macOf(c, m), 4), "sends"],
  [
    "a constant, while something unknown is computed",
    "",
    (c, m) => {
      macOf(c, m);
      return utf8("a constant, whatever the key is");
    },
    "sends",
  ],
  [
    "two constants in a row",
    "",
    (c, m) => {
      macOf(c, m);
      return [send(utf8("one constant of them")), send(utf8("and the other one"))];
    },
    "sends",
  ],
  [
    "a constant, in code that checks bytes by itself",
    "",
    (c, m) => {
      if (hex(macOf(c, m)) !== hex(macOf(new Lab().crypto, m))) throw new Error("another MAC");
      return utf8("a constant, for the MAC is right");
    },
    "sends",
  ],
  [
    "what happens to look the same if the MAC were a certain other one",
    "",
    (c, m) => {
      const mac = macOf(c, m, "m");
      return utf8(`${hex(mac.map((byte) => Math.min(byte, byte ^ masks[0])))} ${mac[0]}`);
    },
    "held",
    "mac",
  ],
  [
    "a constant, after a comparison that came out as it must",
    "key other",
    (c, m) => {
      macOf(c, m);
      c.sign(m.private, iv12);
      return utf8(c.equal(m.key, m.other) ? "they are the same" : "they are different");
    },
    "sends",
  ],
];

/** A plaintext is handed over if the adversary can derive it; otherwise the puppet stalls. */
const opening: readonly Row[] = [
  ["with a known key", "sealed key", (c, m) => void open(c, m), "goes on"],
  ["with an unknown key", "sealed", (c, m) => void open(c, m), "stalls", "key"],
  ["what is known all the same", "sealed secret", (c, m) => void open(c, m), "goes on"],
  ["what was not seen, with a known key", "key", (c, m) => void open(c, m), "stalls", "sealed"],
  [
    "a cipher without a tag",
    "encrypted",
    (c, m) => void c.decrypt("aes-cbc", m.key, iv16, m.encrypted),
    "stalls",
    "key",
  ],
  [
    "with a private key",
    "wrapped",
    (c, m) => void c.rsaDecrypt("sha256", m.unwrapping, m.wrapped),
    "stalls",
    "unwrapping",
  ],
  [
    "a bad tag, under an unknown key",
    "",
    (c, m) => void c.open(chacha, m.key, iv12, new Uint8Array(40)),
    "stalls",
    "key",
  ],
  [
    "a bad tag, under a known key",
    "key",
    (c, m) => yesOrNo(c.open(chacha, m.key, iv12, new Uint8Array(40)) === undefined),
    "sends",
  ],
  [
    "bad padding, under an unknown key",
    "",
    (c, m) => void c.decrypt("aes-cbc", m.key, iv16, iv16),
    "stalls",
    "key",
  ],
  [
    "bad padding, with an unknown private key",
    "",
    (c, m) => void c.rsaDecrypt("sha256", m.unwrapping, m.key),
    "stalls",
    "unwrapping",
  ],
  [
    "nothing: a signature is no secret of the one who verifies it",
    "",
    (c, m) => yesOrNo(c.verify(m.public, utf8("signed by an honest party"), m.signature)),
    "sends",
  ],
  [
    "nothing: what is decoded was there before",
    "",
    (c, m) => yesOrNo(c.decode("hex", m.hexed) !== undefined),
    "sends",
  ],
  [
    "with an unknown key, in code that catches everything",
    "sealed",
    (c, m) => {
      try {
        return open(c, m);
      } catch {
        return utf8("it goes on");
      }
    },
    "stalls",
    "key",
  ],
  [
    "with an unknown key, in code that throws errors of its own",
    "sealed",
    (c, m) => {
      try {
        return void open(c, m);
      } catch {
        throw new Error("cannot be opened");
      }
    },
    "stalls",
    "key",
  ],
  [
    "with an unknown key, after one that failed under a known key",
    "sealed other",
    (c, m) => {
      c.open(chacha, m.other, iv12, m.sealed);
      return void open(c, m);
    },
    "stalls",
    "key",
  ],
];

/** Failures of the adversary's own program. */
const failing: readonly Row[] = [
  [
    "an error",
    "",
    () => {
      throw new Error("of the protocol's own");
    },
    "dies",
  ],
  ["an error where the key is known", "key", (c, m) => c.xor(m.key, iv12), "dies"],
];

const tables: Readonly<Record<string, readonly Row[]>> = {
  "it draws": drawing,
  "it sends": sending,
  "it opens": opening,
  "it meets": failing,
};
describe.each(Object.entries(tables))("%s", (_, rows) => {
  test.each(rows.map((row) => ({ what: row[0], seen: row[1], row })))(
    "$what, having seen ($seen)",
    ({ row: [, seen, code, fate, then] }) => {
      const stage = new PuppetStage({ code });
      stage.see(seen);
      expect(fateOf(stage, stage.feed())).toBe(fate);
      expect(stage.advance()).toEqual([]);
      if (then === undefined) return;
      stage.see(then);
      const later = stage.advance();
      if (fate === "held") expect(later.length).toBe(1);
      else expect(["goes on", "sends"]).toContain(fateOf(stage, later));
    },
  );
});

/** Compares two values, and sends the result. */
const compared =
  (a: keyof Made, b: keyof Made): Code =>
  (c, m) =>
    yesOrNo(c.equal(m[a], m[b]));

describe("it compares", () => {
  test.each([
    ["what is equal", "", "key", "key", "yes"],
    ["what is equal and known", "key", "key", "key", "yes"],
    ["two things, the second unknown", "key", "key", "other", "yes"],
    ["two things, the first unknown", "other", "key", "other", "yes"],
    ["two things, both unknown", "", "key", "other", "yes"],
    ["two things, both known", "key other", "key", "other", "no"],
  ] as const)("%s, having seen (%s): %s with %s passes: %s", (_, seen, a, b, passes) => {
    const stage = new PuppetStage({ code: compared(a, b) });
    stage.see(seen);
    expect(stage.feed()).toEqual(["done", passes]);
  });

  test("with the same result whenever it is rebuilt, whatever is known by then", () => {
    let outcomes: boolean[] = [];
    const stage = new PuppetStage({
      atOpen: (c, m) => {
        outcomes = [c.equal(m.digest, m.mac)];
      },
      code: (c, m, { bytes }) => {
        if (text(bytes) === "open") return void open(c, m);
        outcomes.push(c.equal(m.other, m.mac), c.equal(m.mac, m.encrypted));
        return undefined;
      },
    });
    stage.see("mac encrypted sealed");
    expect(stage.feed("compare")).toEqual(["done"]);
    stage.see("digest other");
    expect(stage.feed("open")).toEqual([]);
    expect(outcomes).toEqual([true, true, false]);
    stage.see("signature");
    expect(stage.advance()).toEqual([]);
    expect(stage.handled).toEqual(["compare", "open", "compare", "open", "compare"]);
    expect(outcomes).toEqual([true, true, false]);
  });
});

describe("what it does is done in order", () => {
  test("packets wait for those before them; other outputs do not", () => {
    const stage = new PuppetStage({
      code: (c, m, { bytes }) =>
        text(bytes) === "mac" ? [{ kind: "ready" }, send(macOf(c, m))] : utf8("hello"),
    });
    expect(stage.feed("mac")).toEqual(["done", "ready"]);
    expect(stage.feed("greet")).toEqual(["done"]);
    stage.see("key");
    expect(stage.advance().map((packet) => packet.length)).toEqual([64, 5]);
    expect(stage.feed("greet")).toEqual(["done", "hello"]);
  });

  test("what can be guessed leaves at once, one packet after the other", () => {
    const stage = new PuppetStage({
      code: (c, m) => {
        const digits = digitsOf(macOf(c, m), 4);
        return [send(digits), send(digits)];
      },
    });
    expect(stage.feed().length).toBe(3);
  });

  test("once it is dead, nothing is handed over, though packets may be left", () => {
    const stage = new PuppetStage({ code: (c, m) => macOf(c, m) });
    expect(stage.feed()).toEqual(["done"]);
    stage.puppet.dead = true;
    stage.see("key");
    expect(stage.feed()).toEqual([]);
    expect(stage.handled.length).toBe(1);
  });

  test("inputs wait while it stalls, and so does its deadline", () => {
    const stage = new PuppetStage({
      deadline: 50,
      code: (c, m, { bytes }) => (text(bytes) === "open" ? void open(c, m) : bytes),
    });
    stage.see("sealed");
    expect(stage.puppet.deadline).toBe(50);
    expect(stage.feed("open")).toEqual([]);
    expect(stage.puppet.deadline).toBeUndefined();
    expect(stage.feed("after")).toEqual([]);
    expect(stage.handled).toEqual(["open"]);
    stage.see("key");
    expect(stage.advance()).toEqual(["done", "done", "after"]);
    expect(stage.puppet.deadline).toBe(50);
    stage.puppet.dead = true;
    expect(stage.puppet.deadline).toBeUndefined();
    expect(stage.feed("more")).toEqual([]);
    expect(stage.handled).toEqual(["open", "open", "after"]);
  });

  test("nothing is retried before more is known", () => {
    const stage = new PuppetStage({ code: (c, m) => void open(c, m) });
    stage.see("sealed");
    stage.feed();
    stage.advance();
    stage.see("sealed");
    stage.advance();
    expect(stage.handled.length).toBe(1);
    stage.see("mac");
    expect(stage.advance()).toEqual([]);
    expect(stage.handled.length).toBe(2);
  });

  test("operations repeated by a rebuild are not recorded again, and draws are the same", () => {
    const stage = new PuppetStage({
      atOpen: (c) => void c.random(20),
      code: (c, m, { bytes }) => (text(bytes) === "draw" ? c.random(16) : void open(c, m)),
    });
    stage.see("sealed");
    const [, drawn] = stage.feed("draw");
    stage.feed("open");
    stage.see("key");
    stage.advance();
    expect(stage.handled).toEqual(["draw", "open", "draw", "open"]);
    expect(stage.told.map((op) => op.op)).toEqual(["random", "random", "aead", "aead"]);
    expect(stage.feed("draw")).not.toEqual(["done", drawn]);
  });
});

describe("before its first input", () => {
  const macUnder =
    (key: () => Uint8Array): Code =>
    (c) =>
      c.hmac("sha256", key(), iv12);
  test("what it draws is the attacker's", () => {
    let drawn: Uint8Array = iv32;
    const stage = new PuppetStage({
      atOpen: (c) => {
        drawn = c.random(32);
      },
      code: macUnder(() => drawn),
    });
    expect(fateOf(stage, stage.feed())).toBe("sends");
    expect(stage.told.map((op) => op.op)).toEqual(["random", "hmac"]);
  });

  test.each<[string, (c: CryptoKit, m: Made) => void]>([
    ["what it would have to know more for", (c, m) => void open(c, m)],
    [
      "the same, in code that catches everything",
      (c, m) => {
        try {
          open(c, m);
        } catch {
          throw new Error("cannot start");
        }
      },
    ],
    [
      "an error",
      () => {
        throw new Error("no key was dealt to such a one");
      },
    ],
  ])("it dies of %s", (_, atOpen) => {
    const stage = new PuppetStage({ atOpen, code: () => utf8("hello") });
    expect(stage.puppet.dead).toBe(true);
    expect(stage.feed()).toEqual([]);
    expect(stage.puppet.deadline).toBeUndefined();
  });
});

describe("a fork of an honest process", () => {
  /** Draws a key before the fork, and uses it afterwards as the test says. */
  const fork = (then: (c: CryptoKit, drawn: Uint8Array, m: Made) => ReturnType<Code>): Play => {
    let drawn: Uint8Array = iv32;
    return {
      past: ["draw", "again"],
      code: (c, m, { bytes }) => {
        if (text(bytes) !== "draw" && text(bytes) !== "again") return then(c, drawn, m);
        drawn = c.random(32);
        return undefined;
      },
    };
  };

  test.each<[string, (c: CryptoKit, drawn: Uint8Array) => Uint8Array, Fate]>([
    ["what was drawn in the past is secret", (_, drawn) => drawn, "held"],
    ["and so is what is made of it", (c, drawn) => c.hmac("sha256", drawn, iv12), "held"],
    ["eight digits of that too", (c, drawn) => digitsOf(c.hmac("sha256", drawn, iv12)), "held"],
    ["what is drawn from now on is not", (c) => c.random(32), "sends"],
    ["nor does it depend on the past", (c) => c.hmac("sha256", c.random(32), iv12), "sends"],
  ])("%s", (_, then, fate) => {
    const stage = new PuppetStage(fork(then));
    expect(fateOf(stage, stage.feed())).toBe(fate);
    expect(stage.told.some((op) => op.op === "random")).toBe(fate === "sends");
  });

  test("what it draws after the fork is the same when it is rebuilt", () => {
    let kept: string[] = [];
    const stage = new PuppetStage({
      past: ["keep"],
      atOpen: () => {
        kept = [];
      },
      code: (c, m, { bytes }) => {
        if (text(bytes) === "open") open(c, m);
        else kept.push(hex(c.random(8)));
        return undefined;
      },
    });
    stage.see("sealed");
    stage.feed("keep");
    const before = [...kept];
    stage.feed("open");
    expect(kept).toEqual(before);
    expect(new Set(kept).size).toBe(2);
    const [first, second] = kept.map((drawn) =>
      stage.knowledge.knows(latin1(Buffer.from(drawn, "hex"))),
    );
    expect([first, second]).toEqual([false, true]);
  });

  test("comparisons before the fork keep their results, and do not pass for the adversary", () => {
    let outcomes: boolean[] = [];
    const stage = new PuppetStage({
      past: ["compare"],
      atOpen: () => {
        outcomes = [];
      },
      code: (c, m) => {
        outcomes.push(c.equal(m.key, m.other), c.equal(m.key, m.key));
        macOf(c, m);
        const words = outcomes.map((is) => (is ? "equal as it must be" : "of different origin"));
        return utf8(words.join(", "));
      },
    });
    const [different, equal] = ["of different origin", "equal as it must be"];
    expect(stage.feed()).toEqual(["done", [different, equal, equal, equal].join(", ")]);
  });

  test("packets from before the fork are not sent again, nor compared with new ones", () => {
    const stage = new PuppetStage({
      past: ["the packet of the past"],
      code: (c, m, { bytes }) => {
        macOf(c, m);
        return bytes;
      },
    });
    expect(stage.feed("another one, of the present")).toEqual([
      "done",
      "another one, of the present",
    ]);
  });

  test("an exception at an input before the fork is ignored", () => {
    const stage = new PuppetStage({
      past: ["fail", "go on"],
      code: (_c, _m, { bytes }) => {
        if (text(bytes) === "fail") throw new Error("of the protocol's own");
        return bytes;
      },
    });
    expect(stage.handled).toEqual(["fail", "go on", "fail", "go on"]);
    expect(stage.feed("hello")).toEqual(["done", "hello"]);
  });
});

describe("with an option", () => {
  const blind: Play["options"] = { blind: true };
  const shownOpen: Code = (c, m) => utf8(hex(open(c, m)?.slice(0, 4) ?? iv12));
  test("blind, it goes on with zeros for what it cannot open", () => {
    const stage = new PuppetStage({ code: shownOpen, options: blind });
    stage.see("sealed");
    expect(stage.feed()).toEqual(["done", "00000000"]);
    expect(stage.puppet.opened(0)).toBeUndefined();
    // It never opens these later, so that rebuilding is deterministic.
    stage.see("key");
    expect(stage.feed()).toEqual(["done", "00000000"]);
  });

  test("blind, it reads what it can open, and stalls at a tag that it cannot judge", () => {
    const stage = new PuppetStage({ code: shownOpen, options: blind });
    stage.see("sealed key");
    expect(stage.feed()).toEqual(["done", hex(stage.made.secret.slice(0, 4))]);
    expect(stage.puppet.opened(0)).toBe(latin1(stage.made.secret));
    const other = new PuppetStage({
      code: (c, m) => void c.open(chacha, m.key, iv12, m.mac),
      options: blind,
    });
    expect(fateOf(other, other.feed())).toBe("stalls");
  });

  test("blind, it can send what depends on the zeros", () => {
    for (const code of [(mac: Uint8Array) => mac, digitsOf]) {
      const stage = new PuppetStage({
        code: (c, m) => {
          macOf(c, m);
          return code(c.hmac("sha256", open(c, m) ?? iv12, utf8("I read it")));
        },
        options: blind,
      });
      stage.see("sealed");
      expect(fateOf(stage, stage.feed())).toBe("sends");
    }
  });

  const guesses: Play["options"] = { guesses: true };
  test("guessing, it sends the first seven bytes of what it cannot know, eight times", () => {
    const stage = new PuppetStage({
      code: (c, m, { bytes }) => macOf(c, m, text(bytes)),
      options: guesses,
    });
    const lab = new Lab();
    const fates = Array.from({ length: 10 }, (_, i) => {
      const whole = hex(macOf(lab.crypto, stage.made, `${i}`));
      const [, packet = ""] = stage.feed(`${i}`);
      return (
        packet.slice(0, 14) === whole.slice(0, 14) && packet.slice(14, 16) !== whole.slice(14, 16)
      );
    });
    expect(fates).toEqual([...Array<boolean>(8).fill(true), false, false]);
    stage.see("key");
    expect(stage.advance().length).toBe(2);
  });

  test("guessing, it does not guess at two things at once, and tries a packet once", () => {
    const stage = new PuppetStage({
      code: (c, m, { bytes }) =>
        text(bytes) === "two"
          ? concat(macOf(c, m, "m"), utf8("with words between them"), macOf(c, m, "o"))
          : macOf(c, m, text(bytes)),
      options: guesses,
    });
    expect(stage.feed("two")).toEqual(["done"]);
    for (let i = 0; i < 10; i++) {
      stage.knowledge.observe(`another thing, no. ${i}`);
      expect(stage.advance()).toEqual([]);
    }
    stage.see("mac");
    stage.knowledge.observe(macOf(new Lab().crypto, stage.made, "o"));
    expect(stage.advance().length).toBe(1);
    const packets = Array.from({ length: 10 }, (_, i) => stage.feed(`${i}`).length - 1);
    expect(packets).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
  });

  test.each<[string, (mac: Uint8Array, dealt: Uint8Array) => Uint8Array]>([
    ["before", (mac, dealt) => concat(dealt, utf8(" and its MAC: "), mac)],
    ["after", (mac, dealt) => concat(mac, utf8(" is the MAC of "), dealt)],
  ])("guessing a MAC, it does not give away what it was dealt %s it", (_, make) => {
    const play: Play = { code: (c, m) => make(macOf(c, m), m.other), options: guesses };
    const ignorant = new PuppetStage(play);
    expect(fateOf(ignorant, ignorant.feed())).toBe("held");
    const knowing = new PuppetStage(play);
    knowing.knowledge.observe(knowing.made.other);
    expect(knowing.feed().length).toBe(2);
  });

  test("guessing requires knowing which bytes depend on what", () => {
    const stage = new PuppetStage({
      code: (c, m) => {
        const mac = macOf(c, m);
        if (hex(mac) !== hex(macOf(new Lab().crypto, m))) throw new Error("another MAC");
        return mac;
      },
      options: guesses,
    });
    expect(fateOf(stage, stage.feed())).toBe("held");
  });

  test("guessing is not needed for what it can send", () => {
    const stage = new PuppetStage({ code: (c, m) => macOf(c, m), options: guesses });
    stage.see("key");
    const whole = hex(macOf(new Lab().crypto, stage.made));
    for (let i = 0; i < 10; i++) expect(stage.feed()).toEqual(["done", whole]);
  });

  const renamed: Play["options"] = { renamed: [latin1(utf8("alice")), latin1(utf8("carol"))] };
  test.each<[string, (c: CryptoKit, m: Made, name: Uint8Array) => Uint8Array]>([
    ["seals", (c, m, name) => c.seal(chacha, m.key, iv12, name)],
    ["encrypts", (c, m, name) => c.encrypt("aes-ctr", m.key, iv16, name)],
    ["authenticates", (c, m, name) => c.hmac("sha256", m.key, name)],
    ["signs", (c, m, name) => c.sign(m.key, name)],
    ["makes digits of", (c, m, name) => digitsOf(c.hmac("sha256", m.key, name))],
  ])("renamed, it says the other name in what it %s", (_, make) => {
    const stage = new PuppetStage({
      code: (c, m) => {
        // Further values that the adversary could not compute change nothing.
        c.hash("sha256", m.other);
        return make(c, m, utf8("from alice, to alice"));
      },
      options: renamed,
    });
    stage.see("key");
    const said = make(new Lab().crypto, stage.made, utf8("from carol, to carol"));
    expect(stage.feed()).toEqual(["done", shown(said)]);
  });

  test("renamed, it keeps its own name in the clear", () => {
    const stage = new PuppetStage({ code: () => utf8("from alice"), options: renamed });
    expect(stage.feed()).toEqual(["done", "from alice"]);
  });
});

describe("carrying what another puppet opened", () => {
  const carrier = (heard: readonly (string | undefined)[], after = 1) =>
    new PuppetStage({
      options: {
        carrying: {
          after,
          nth: (n) => {
            const content = heard[n];
            return content === undefined ? undefined : latin1(utf8(content));
          },
        },
      },
      code: (c, m, { bytes }) => {
        if (text(bytes) === "ready") return [{ kind: "ready" }];
        if (text(bytes) === "open") return void open(c, m);
        c.hash("sha256", m.other);
        const sealed = c.seal(chacha, m.key, iv12, bytes);
        return bytes[0] === 0x64 ? digitsOf(sealed, 10) : sealed;
      },
    });
  const sealedAs = (stage: PuppetStage, content: string) =>
    hex(new Lab().crypto.seal(chacha, stage.made.key, iv12, utf8(content)));

  test("it seals so many plaintexts of its own, then those opened at the same position", () => {
    const stage = carrier(["not this", "password", "number 3"]);
    stage.see("key");
    expect(stage.feed("greeting")).toEqual(["done", sealedAs(stage, "greeting")]);
    expect(stage.feed("its own!")).toEqual(["done", sealedAs(stage, "password")]);
    expect(stage.feed("its own?")).toEqual(["done", sealedAs(stage, "number 3")]);
    // A repeated plaintext is not counted again, and takes no position.
    expect(stage.feed("its own!")).toEqual(["done", sealedAs(stage, "password")]);
    expect(stage.feed("greeting")).toEqual(["done", sealedAs(stage, "greeting")]);
  });

  test("it waits until that is opened, though this adds no knowledge", () => {
    const heard: string[] = ["not this"];
    const stage = carrier(heard);
    stage.see("key");
    stage.feed("greeting");
    expect(stage.feed("its own!")).toEqual([]);
    const { length } = stage.handled;
    expect(stage.advance()).toEqual([]);
    expect(stage.handled.length).toBe(length);
    heard.push("password");
    expect(stage.advance()).toEqual(["done", sealedAs(stage, "password")]);
  });

  test("and then it takes what comes after, known or not", () => {
    const heard: string[] = ["not this"];
    const stage = carrier(heard);
    expect(stage.feed("greeting")).toEqual(["done"]);
    expect(stage.feed("its own!")).toEqual([]);
    heard.push("password");
    expect(stage.advance()).toEqual(["done"]);
    expect(stage.feed("ready")).toEqual(["done", "ready"]);
  });

  test("it can send digits of what it carries, too", () => {
    const stage = carrier(["password"], 0);
    stage.see("key");
    const sealed = new Lab().crypto.seal(chacha, stage.made.key, iv12, utf8("password"));
    expect(stage.feed("digits: ")).toEqual(["done", shown(digitsOf(sealed, 10))]);
  });

  test("what is longer or shorter does not fit", () => {
    const stage = carrier(["pass", "word"], 0);
    stage.see("key");
    expect(stage.feed("its own!")).toEqual([]);
    expect(stage.advance()).toEqual([]);
    expect(stage.handled.length).toBe(1);
    stage.see("signature");
    expect(stage.advance()).toEqual([]);
    expect(stage.handled.length).toBe(2);
    expect(stage.puppet.dead).toBe(false);
  });

  test("once it has a session, it seals its own plaintexts", () => {
    const stage = carrier(["password"], 0);
    stage.see("key");
    expect(stage.feed("ready")).toEqual(["done", "ready"]);
    expect(stage.feed("its own!")).toEqual(["done", sealedAs(stage, "its own!")]);
  });

  test("rebuilt, it seals what it sealed before", () => {
    const stage = carrier(["password", "number 2"], 0);
    stage.see("key");
    stage.feed("its own!");
    expect(stage.feed("open")).toEqual([]);
    stage.see("sealed");
    expect(stage.advance()).toEqual(["done"]);
    expect(stage.feed("its own?")).toEqual(["done", sealedAs(stage, "number 2")]);
    expect(stage.feed("its own!")).toEqual(["done", sealedAs(stage, "password")]);
  });
});

test("code that overwrites its input does not change what it is given again", () => {
  const stage = new PuppetStage({
    code: (c, m, { bytes }) => {
      const said = text(bytes);
      bytes.fill(0);
      if (said === "open") return utf8(`${open(c, m)?.length} bytes`);
      // So that its packets are compared with those for other values of what is unknown.
      macOf(c, m);
      return utf8(`${said} of all`);
    },
  });
  stage.see("sealed");
  expect(stage.feed("first")).toEqual(["done", "first of all"]);
  expect(stage.feed("open")).toEqual([]);
  stage.see("mac");
  expect(stage.advance()).toEqual([]);
  stage.see("key");
  expect(stage.advance()).toEqual(["done", "24 bytes"]);
  expect([...new Set(stage.handled)]).toEqual(["first", "open"]);
});
