import { describe, expect, test } from "vitest";
import type { Endpoint, Input, Output, Protocol } from "../endpoint.ts";
import { lossyText, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { needhamSchroeder, needhamSchroederLowe } from "./needham-schroeder.ts";

const alice = "alice:40000";
const bob = "bob:1978";

function shown(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `message ${output.bytes[0]} (${output.bytes.length})`;
    case "claim":
      return `${output.claim.kind} ${output.claim.peer}`;
    case "deliver":
      return `deliver "${lossyText(output.message)}" from ${output.from}`;
    case "reject":
      return `reject ${output.reason}`;
    case "exit":
      return `exit ${output.ok ? "well" : "badly"}`;
    default:
      return output.kind;
  }
}

/** Two ends, and what was said so far. */
function stage(protocol: Protocol, peer = "bob") {
  const crypto = (by: string) => new CryptoRecorder([], new Random("test").fork(by), by);
  const store = () => {
    throw new Error("nothing is stored");
  };
  const principals = ["alice", "bob", "mallory"];
  const about = { crypto: crypto("deployment"), options: {}, principals, store };
  const deployment = protocol.deploy(about);
  const open = (role: string, self: string, address: string) =>
    deployment.open(role, { self, role, peer, address, crypto: crypto(self), store });
  const ends: Record<string, Endpoint> = {
    alice: open("initiator", "alice", alice),
    bob: open("responder", "bob", bob),
  };
  const script: string[] = [];
  /** Hands an input over. @returns the packet that follows from it. */
  function play(who: string, input: Input, now = 0): Uint8Array {
    script.push(`${who} >> ${input.kind}`);
    const outputs = ends[who]?.handle(input, now) ?? [];
    script.push(...outputs.map((o) => `${who} << ${shown(o)}`));
    const sent = outputs.find((o) => o.kind === "transmit");
    return sent?.kind === "transmit" ? sent.bytes : new Uint8Array(0);
  }
  const toBob = (bytes: Uint8Array) => play("bob", { kind: "datagram", bytes, from: alice });
  const toAlice = (bytes: Uint8Array) => play("alice", { kind: "datagram", bytes, from: bob });
  return { script, play, toBob, toAlice, deadline: () => ends.alice?.deadline?.() };
}

describe.each([needhamSchroeder, needhamSchroederLowe])("$name", (protocol) => {
  test("a run from beginning to end", () => {
    const { script, play, toBob, toAlice, deadline } = stage(protocol);
    toBob(toAlice(toBob(play("alice", { kind: "start" }))));
    toBob(play("alice", { kind: "send", message: utf8("hello") }));
    toAlice(play("bob", { kind: "send", message: utf8("well met"), session: alice }));
    play("alice", { kind: "timeout" }, deadline());
    expect(script).toEqual([
      "alice >> start",
      "alice << running bob",
      "alice << message 1 (257)",
      "bob >> datagram",
      "bob << running alice",
      "bob << message 2 (257)",
      "alice >> datagram",
      "alice << message 3 (257)",
      "alice << commit bob",
      "alice << secret bob",
      "alice << ready",
      "bob >> datagram",
      "bob << commit alice",
      "bob << secret alice",
      "bob << ready",
      "alice >> send",
      "alice << message 100 (28)",
      "bob >> datagram",
      'bob << deliver "hello" from alice',
      "bob >> send",
      "bob << message 100 (31)",
      "alice >> datagram",
      'alice << deliver "well met" from bob',
      "alice >> timeout",
      "alice << exit well",
    ]);
  });

  test("what does not belong is discarded, and the run goes on", () => {
    const { script, play, toBob, toAlice } = stage(protocol);
    const hello = play("alice", { kind: "start" });
    toBob(utf8(""));
    toBob(utf8("\u0003"));
    toBob(utf8("\u0001not for anybody"));
    toAlice(hello);
    const challenge = toBob(hello);
    toBob(hello);
    toBob(toAlice(challenge));
    const record = play("alice", { kind: "send", message: utf8("hello") });
    toBob(record);
    toBob(record);
    toBob(record.map((byte, i) => (i === 6 ? byte + 1 : byte)));
    const rejections = script.filter((line) => line.includes("reject"));
    expect(rejections).toEqual([
      "bob << reject unexpected",
      "bob << reject unexpected",
      "bob << reject bad-key",
      "alice << reject unexpected",
      "bob << reject unexpected",
      "bob << reject replayed",
      "bob << reject bad-tag",
    ]);
    expect(script.filter((line) => line.includes("commit"))).toHaveLength(2);
  });
});

describe("the second message", () => {
  /** Bob's answer reaches Alice while she waits for Mallory's. */
  function passedOn(protocol: Protocol): readonly string[] {
    const { script, toBob, toAlice } = stage(protocol);
    const forMallory = stage(protocol, "mallory");
    forMallory.play("alice", { kind: "start" });
    const own = stage(protocol);
    // The same nonce, since both were drawn from the same seed: as Mallory would repeat it.
    const challenge = toBob(own.play("alice", { kind: "start" }));
    expect(toAlice(challenge)).toHaveLength(0);
    expect(script.at(-1)).toBe("alice << reject stale");
    const before = forMallory.script.length;
    forMallory.toAlice(challenge);
    return forMallory.script.slice(before + 1);
  }

  test("passes for any responder's, unless it names the responder", () => {
    expect(passedOn(needhamSchroeder)[1]).toBe("alice << commit mallory");
    expect(passedOn(needhamSchroederLowe)).toEqual(["alice << reject unknown-peer"]);
  });
});
