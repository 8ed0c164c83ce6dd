/** Grades found by making runs, held against what people have written down. */
import { describe, expect, test } from "vitest";
import type { Protocol } from "../../protocol/endpoint.ts";
import { say } from "../../protocol/kit/workload.ts";
import { fundamental } from "../../protocol/testing/noise-grades.ts";
import { macEvidence } from "../../protocol/textbook/mac-evidence.ts";
import {
  needhamSchroeder,
  needhamSchroederLowe,
} from "../../protocol/textbook/needham-schroeder.ts";
import { noise } from "../../protocol/textbook/noise/noise.ts";
import { plainDiffieHellman } from "../../protocol/textbook/plain-diffie-hellman.ts";
import { signedDh } from "../../protocol/textbook/signed-dh.ts";
import { wideMouthedFrog } from "../../protocol/textbook/wide-mouthed-frog.ts";
import { IrreproducibleError } from "../search/reproducibility.ts";
import { expectedGrades, foundGrades, others } from "../testing/noise-grades.ts";
import {
  bare,
  bareClient,
  bareServer,
  deliver,
  sharingKey,
  subjectFor,
  tiny,
  transmit,
  words,
} from "../testing/tiny.ts";
import { gradeMessages } from "./grade-messages.ts";
import type { MessageGrade } from "./message-grade.ts";

const settings = { seed: "grades", sessions: 1 };
const withOptions = (protocol: Protocol, options: Readonly<Record<string, string>> = {}) => {
  const subject = subjectFor(protocol);
  return { ...subject, options: { ...subject.options, ...options } };
};

describe("Noise, as its specification has it", () => {
  test.each(Object.keys({ ...fundamental, ...others }))("%s", (pattern) => {
    const { messages } = gradeMessages(withOptions(noise, { pattern }), settings);
    const count = pattern.length === 1 ? 3 : 5;
    expect(foundGrades(messages)).toEqual(expectedGrades(pattern, count));
  });
});

const gradesOf = (protocol: Protocol, options: Readonly<Record<string, string>> = {}) =>
  foundGrades(gradeMessages(withOptions(protocol, options), { seed: "grades" }).messages);

describe("protocols of other kinds", () => {
  test("unauthenticated Diffie–Hellman: to any receiver, from anybody", () => {
    expect(gradesOf(plainDiffieHellman)).toEqual(["01", "01", "01"]);
  });

  test("a key that both share: nobody else; but who has it can pose as either, and read all", () => {
    expect(gradesOf(macEvidence)).toEqual(["12", "12"]);
  });

  test("signed Diffie–Hellman: neither, and nothing becomes readable later", () => {
    expect(gradesOf(signedDh)).toEqual(["25", "25", "25", "25"]);
  });

  test("a server that hands out keys: whoever has the receiver's makes up the same", () => {
    expect(gradesOf(wideMouthedFrog)).toEqual(["12", "12"]);
  });

  test("Lowe's attack: Bob hears the attacker, and tells it what is for Alice", () => {
    const { messages } = gradeMessages(subjectFor(needhamSchroeder), { seed: "grades" });
    expect(foundGrades(messages)).toEqual(["02", "11"]);
    const { source } = messages[0] as MessageGrade;
    const moves = source.grade === 0 ? source.cap?.attack.moves.map((m) => m.move) : [];
    expect(moves).toEqual(["participate", "puppet", "replay"]);
    expect(gradesOf(needhamSchroederLowe)).toEqual(["12", "12"]);
  });
});

describe("what cannot be told", () => {
  const unknown = (because: string): unknown => ({
    grade: "unknown",
    because: expect.stringContaining(because),
  });
  const gradesIn = (protocol: Protocol): unknown =>
    gradeMessages(subjectFor(protocol), { seed: "grades" }).messages;

  test("who reads a message of three bytes, which occur anywhere", () => {
    expect(gradesIn(bare("yes"))).toMatchObject([
      { source: { grade: 0 }, destination: unknown("under 4 bytes") },
    ]);
  });

  test("what is accepted in place of one that never is", () => {
    const deaf = tiny({
      client: bareClient,
      server: () => () => [],
      sessions: [{ start: 0, messages: say("client", "is anybody there?") }],
    });
    expect(gradesIn(deaf)).toMatchObject([
      { source: unknown("does not arrive"), destination: { grade: 0 } },
    ]);
  });

  test("anything where bytes come from nowhere", () => {
    const scrambled = sharingKey(
      (_, key) => (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind !== "send") return [];
        const bytes = input.message.map((byte, i) => byte ^ (key[i] ?? 0));
        return [{ kind: "transmit", bytes }];
      },
      (_, key) => (input) =>
        input.kind === "datagram"
          ? [
              deliver(
                input.bytes.map((byte, i) => byte ^ (key[i] ?? 0)),
                "alice",
              ),
            ]
          : [],
    );
    expect(gradesIn(scrambled)).toMatchObject([
      { source: unknown("untracked"), destination: unknown("untracked") },
      { source: unknown("untracked"), destination: unknown("untracked") },
    ]);
  });

  test("where attackers fail at a place that nobody else reaches either", () => {
    // Bob takes one message only, whoever sends it; nothing else says anything about its source.
    const picky = tiny({
      client: bareClient,
      server: () => (input) =>
        input.kind === "datagram" && words(input.bytes) === "open the gate"
          ? [deliver(input.bytes, "alice")]
          : [],
      sessions: [{ start: 0, messages: say("client", "open the gate") }],
    });
    expect(gradesIn(picky)).toMatchObject([
      { source: unknown("not even attackers with all"), destination: { grade: 0 } },
    ]);
  });

  test("and nothing is graded whose runs cannot be repeated", () => {
    let runs = 0;
    const counting = tiny({
      client: () => (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        return input.kind === "send" ? [transmit(`${words(input.message)} ${runs++}`)] : [];
      },
      server: bareServer,
      sessions: [{ start: 0, messages: say("client", "open the gate") }],
    });
    expect(() => gradesIn(counting)).toThrow(IrreproducibleError);
  });
});
