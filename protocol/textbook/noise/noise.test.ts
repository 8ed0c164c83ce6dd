/** Conversations, input by input, and every reason for a rejection. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Input, OptionValues, Output } from "../../endpoint.ts";
import { MisuseError } from "../../endpoint.ts";
import { lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { messageBytes } from "./handshake-state.ts";
import { noise } from "./noise.ts";

const alice = "alice:40000";
const bob = "bob:2018";

function shown(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `${output.bytes.length} bytes`;
    case "claim":
      return `${output.claim.kind} ${output.claim.peer ?? "?"}`;
    case "deliver":
      return `deliver "${lossyText(output.message)}" from ${output.from}`;
    case "reject":
      return `reject ${output.reason}`;
    case "ready":
      return output.messages === undefined ? "ready" : `ready for ${output.messages}`;
    case "exit":
      return `exit ${output.ok ? "well" : "badly"}`;
    default:
      return output.kind;
  }
}

/** Alice's end and Bob's, and what happened so far. */
function stage(options: OptionValues, peer = "bob") {
  const crypto = (by: string) => new CryptoRecorder([], new Random("test").fork(by), by);
  const store = () => {
    throw new Error("nothing is stored");
  };
  const principals = ["alice", "bob", "mallory"];
  const about = { crypto: crypto("deployment"), options, principals, store };
  const deployment = noise.deploy(about);
  const open = (role: string, self: string, address: string) =>
    deployment.open(role, { self, role, peer, address, crypto: crypto(self), store });
  const ends: Record<string, Endpoint> = {
    alice: open("initiator", "alice", alice),
    bob: open("responder", "bob", bob),
  };
  const script: string[] = [];
  /** Hands an input over. @returns the last packet that follows from it. */
  function play(who: string, input: Input, now = 0): Uint8Array {
    const word = input.kind === "send" ? ` "${lossyText(input.message)}"` : "";
    script.push(`${who} >> ${input.kind}${word}`);
    const outputs = ends[who]?.handle(input, now) ?? [];
    script.push(...outputs.map((o) => `${who} << ${shown(o)}`));
    const sent = outputs.findLast((o) => o.kind === "transmit");
    return sent?.kind === "transmit" ? sent.bytes : new Uint8Array(0);
  }
  const toBob = (bytes: Uint8Array, from = alice) => play("bob", { kind: "datagram", bytes, from });
  const toAlice = (bytes: Uint8Array) => play("alice", { kind: "datagram", bytes, from: bob });
  const says = (who: string, words: string) => {
    const session = who === "bob" ? { session: alice } : {};
    return play(who, { kind: "send", message: utf8(words), ...session });
  };
  const start = () => play("alice", { kind: "start" });
  return { script, ends, deployment, open, play, toBob, toAlice, says, start };
}

describe("a conversation from beginning to end", () => {
  test("XX: identities become known one after the other", () => {
    const { script, toBob, toAlice, says, start } = stage({ pattern: "XX" });
    start();
    toBob(says("alice", "one"));
    toAlice(says("bob", "two"));
    toBob(says("alice", "three"));
    toAlice(says("bob", "four"));
    expect(script).toEqual([
      "alice >> start",
      "alice << ready for 1",
      'alice >> send "one"',
      "alice << 35 bytes",
      "bob >> datagram",
      'bob << deliver "one" from alice',
      "bob << ready for 1",
      'bob >> send "two"',
      "bob << running ?",
      "bob << 99 bytes",
      "alice >> datagram",
      'alice << deliver "two" from bob',
      "alice << ready for 1",
      'alice >> send "three"',
      "alice << running bob",
      "alice << 69 bytes",
      "alice << commit bob",
      "alice << secret bob",
      "alice << secret bob",
      "alice << ready",
      "bob >> datagram",
      "bob << running alice",
      'bob << deliver "three" from alice',
      "bob << commit alice",
      "bob << secret alice",
      "bob << secret alice",
      "bob << ready",
      'bob >> send "four"',
      "bob << 26 bytes",
      "alice >> datagram",
      'alice << deliver "four" from bob',
    ]);
  });

  test("IK: the responder commits to what comes after the handshake", () => {
    const { script, toBob, toAlice, says, start } = stage({ pattern: "IK" });
    start();
    toBob(says("alice", "one"));
    toAlice(says("bob", "two"));
    toBob(says("alice", "three"));
    toBob(says("alice", "four"));
    const claims = script.filter((line) => /running|commit|secret|deliver/.test(line));
    expect(claims).toEqual([
      "bob << running alice",
      'bob << deliver "one" from alice',
      "bob << running alice",
      "bob << secret alice",
      "bob << secret alice",
      'alice << deliver "two" from bob',
      "alice << running bob",
      "alice << commit bob",
      "alice << secret bob",
      "alice << secret bob",
      "bob << commit alice",
      'bob << deliver "three" from alice',
      'bob << deliver "four" from alice',
    ]);
  });

  test("NN: a peer is known by its claimed address only, and there is nothing to commit to", () => {
    const { script, toBob, toAlice, says, start } = stage({ pattern: "NN" });
    start();
    toBob(says("alice", "one"), "carol:40000");
    toAlice(says("bob", "two"));
    expect(script.filter((line) => /running|commit/.test(line))).toEqual([]);
    expect(script).toContain('bob << deliver "one" from carol');
  });

  test("K: goes one way", () => {
    const { script, toBob, says, start } = stage({ pattern: "K" });
    start();
    toBob(says("alice", "one"));
    toBob(says("alice", "two"));
    expect(script).toEqual([
      "alice >> start",
      "alice << ready for 1",
      'alice >> send "one"',
      "alice << running bob",
      "alice << 51 bytes",
      "alice << secret bob",
      "alice << ready",
      "bob >> datagram",
      'bob << deliver "one" from alice',
      "bob << commit alice",
      "bob << secret alice",
      'alice >> send "two"',
      "alice << 25 bytes",
      "bob >> datagram",
      'bob << deliver "two" from alice',
    ]);
  });

  const settings = (noise.options?.pattern?.values ?? []).flatMap((pattern) =>
    ["handshake", "transport"].map((payloads) => ({ pattern, payloads })),
  );
  test.each(settings)("$pattern, $payloads: all arrives", (options) => {
    const { script, ends, play } = stage(options);
    const heard = talk(script, play);
    const isOneWay = options.pattern.length === 1;
    expect(heard("bob")).toEqual(["one", "three", "five"]);
    expect(heard("alice")).toEqual(isOneWay ? [] : ["two", "four", "six"]);
    expect(ends.bob?.stateSize?.()).toBe(0);
    expect(script.filter((l) => l.includes("reject"))).toEqual([]);
  });
});

type Who = "alice" | "bob";

/** Both say three things, each as soon as they may, while every packet is handed on at once. */
function talk(script: readonly string[], play: (who: Who, input: Input) => Uint8Array) {
  const left = { alice: ["one", "three", "five"], bob: ["two", "four", "six"] };
  const credits = { alice: 0, bob: 0 };
  const addresses = { alice, bob };
  const step = (who: Who, input: Input): void => {
    const from = script.length;
    const bytes = play(who, input);
    const said = script.slice(from);
    if (said.includes(`${who} << ready for 1`)) credits[who] = 1;
    if (said.includes(`${who} << ready`)) credits[who] = Number.POSITIVE_INFINITY;
    const other = who === "alice" ? "bob" : "alice";
    if (bytes.length > 0) step(other, { kind: "datagram", bytes, from: addresses[who] });
  };
  step("alice", { kind: "start" });
  for (let i = 0; i < 6; i++) {
    const who = (["alice", "bob"] as const).find((w) => credits[w] > 0 && left[w].length > 0);
    if (who === undefined) break;
    credits[who]--;
    const message = utf8(left[who].shift() ?? "");
    step(who, { kind: "send", message, ...(who === "bob" && { session: alice }) });
  }
  return (who: Who) =>
    script.flatMap((l) => (l.startsWith(`${who} << deliver`) ? [l.split('"')[1]] : []));
}

describe("an application that is silent", () => {
  test("keeps the handshake waiting for three seconds", () => {
    const { script, ends, play, toBob, toAlice } = stage({ pattern: "XX" });
    play("alice", { kind: "start" }, 100);
    expect(ends.alice?.deadline?.()).toBe(3_100);
    expect(ends.bob?.deadline?.()).toBeUndefined();
    const first = play("alice", { kind: "timeout" }, 3_100);
    play("bob", { kind: "datagram", bytes: first, from: alice }, 3_110);
    expect(ends.bob?.deadline?.()).toBe(6_110);
    const second = play("bob", { kind: "timeout" }, 6_110);
    expect(toAlice(second)).toHaveLength(0);
    toBob(play("alice", { kind: "timeout" }, 9_999));
    expect(script.filter((l) => l.includes("deliver"))).toEqual([]);
    expect(script.at(-1)).toBe("bob << ready");
    play("alice", { kind: "timeout" }, ends.alice?.deadline?.() ?? 0);
    expect(script.at(-1)).toBe("alice << exit well");
  });

  test("is heard with the next message, and the empty one after the handshake", () => {
    const { script, play, says, toBob, toAlice } = stage({ pattern: "XX" });
    play("alice", { kind: "start" });
    const first = play("alice", { kind: "timeout" }, 3_000);
    says("alice", "late");
    toBob(first);
    toAlice(toBob(toAlice(says("bob", ""))));
    expect(script.filter((l) => l.includes("deliver"))).toEqual([
      'bob << deliver "late" from alice',
      'alice << deliver "" from bob',
    ]);
  });
});

describe("what does not belong", () => {
  const rejections = (script: readonly string[]) =>
    script.filter((l) => l.includes("reject")).map((l) => l.replace(" << reject", ""));

  test("is discarded, each with its reason, and the run goes on", () => {
    const { script, play, says, toBob, toAlice, start } = stage({ pattern: "XX" });
    toBob(utf8("too short"));
    toBob(new Uint8Array(messageBytes + 1));
    toBob(new Uint8Array(32));
    start();
    toAlice(utf8("not yet, it is her turn"));
    const first = says("alice", "one");
    toBob(first);
    toBob(first);
    const second = says("bob", "two");
    toAlice(second.map((byte, i) => (i === 40 ? byte ^ 1 : byte)));
    toAlice(second.map((byte, i) => (i < 32 ? 0 : byte)));
    toAlice(second);
    const third = says("alice", "three");
    toBob(third);
    const record = says("alice", "four");
    toBob(record);
    toBob(record);
    play("bob", { kind: "send", message: utf8("five"), session: "carol:40000" });
    expect(rejections(script)).toEqual([
      "bob malformed",
      "bob too-long",
      "bob bad-key",
      "alice unexpected",
      "bob unexpected",
      "alice bad-tag",
      "alice bad-key",
      "bob replayed",
    ]);
    expect(script.at(-1)).toBe("bob << give-up");
    expect(script.filter((l) => l.includes("commit"))).toHaveLength(2);
  });

  test("a static key that is not the one of the peer meant, unless nothing is checked", () => {
    const says = (statics: string) => {
      const forMallory = stage({ pattern: "NX", statics }, "mallory");
      forMallory.start();
      forMallory.toBob(forMallory.says("alice", "one"));
      forMallory.toAlice(forMallory.says("bob", "two"));
      return forMallory.script.at(-1);
    };
    expect(says("checked")).toBe("alice << reject unknown-peer");
    expect(says("unchecked")).toBe("alice << ready");
  });

  test("a payload before the handshake is over, where applications wait", () => {
    const { script, toBob, toAlice, start } = stage({ pattern: "XX", payloads: "transport" });
    const first = start();
    toBob(new Uint8Array([...first, 1, 2, 3]));
    toBob(toAlice(toBob(first)));
    expect(rejections(script)).toEqual(["bob unexpected"]);
    expect(script.at(-1)).toBe("bob << ready");
  });

  test("an initiator whose static key should be known, and is not", () => {
    const { script, start, says, toBob } = stage({ pattern: "KK" });
    start();
    const first = says("alice", "one");
    toBob(first, "carol:40000");
    toBob(first, "bob:40000");
    toBob(first, "mallory:40000");
    toBob(first);
    expect(rejections(script)).toEqual(["bob unknown-peer", "bob unknown-peer", "bob bad-tag"]);
    expect(script).toContain('bob << deliver "one" from alice');
  });

  test("the receiver of a one-way pattern does not send, and its sender does not listen", () => {
    const { script, start, says, toBob, toAlice } = stage({ pattern: "N" });
    start();
    const first = says("alice", "one");
    toBob(first);
    toAlice(first);
    expect(rejections(script)).toEqual(["alice unexpected"]);
    expect(() => says("bob", "two")).toThrow(MisuseError);
  });
});

describe("keys", () => {
  const secrets = (pattern: string) =>
    stage({ pattern })
      .deployment.longTermSecrets("alice")
      .map((s) => s.length);

  test("are dealt where the pattern has some, and all of them can be disclosed", () => {
    expect(secrets("NN")).toEqual([]);
    expect(secrets("NK")).toEqual([32]);
    expect(secrets("XX")).toEqual([32, 32]);
    expect(secrets("XXpsk3")).toEqual([32, 32, 32, 32]);
  });

  test("are public, but those of who wishes to hide them, where they are sent", () => {
    const deal = (pattern: string) =>
      noise.deploy({
        crypto: new CryptoRecorder([], new Random("test"), "deployment"),
        options: { pattern },
        principals: ["alice", "bob", "carol", "dave"],
        store: () => {
          throw new Error("nothing is stored");
        },
      });
    const count = (pattern: string) => {
      const { publicValues = [], identities = [] } = deal(pattern);
      return [publicValues.length, identities.length];
    };
    expect(["NN", "KK", "IK", "XX"].map(count)).toEqual([
      [0, 0],
      [8, 0],
      [7, 1],
      [6, 2],
    ]);
  });

  test("without them, and without a peer, nothing starts", () => {
    const { deployment, open } = stage({ pattern: "IK" });
    expect(() => open("initiator", "carol", "carol:40000")).toThrow(MisuseError);
    expect(() => open("responder", "carol", "carol:2018")).toThrow(MisuseError);
    const crypto = new CryptoRecorder([], new Random("test"), "x");
    const env = { self: "alice", role: "initiator", address: alice, crypto };
    const store = () => {
      throw new Error("nothing is stored");
    };
    expect(() => deployment.open("initiator", { ...env, store })).toThrow(MisuseError);
  });
});
