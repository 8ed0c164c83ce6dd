import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { protocols } from "../../protocol/catalog.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import { annotate } from "./annotate.ts";
import type { ByteRange } from "./byte-range.ts";
import { changesOf } from "./changes.ts";

function runOf(name: string, attack: Attack = []): Trace {
  const subject = bundledSubject(parseProtocolName(name));
  return simulate(planOf(subject, { seed: "annotated", attack }));
}

/** All ranges, parts behind the whole, as `from-to label: text`. */
const lines = (ranges: readonly ByteRange[]): readonly string[] =>
  ranges.flatMap((r) => [`${r.from}-${r.to} ${r.label}: ${r.text}`, ...lines(r.parts)]);

const linesOf = (name: string, packet: number): readonly string[] =>
  lines(annotate(runOf(name))[packet]?.ranges ?? []);

describe("what the bytes of the case studies are", () => {
  test("public keys, IVs and short ciphertexts in base64", () => {
    expect(linesOf("object-security", 1)).toEqual([
      "0-49 public key: P-384 public key of server#0",
    ]);
    expect(linesOf("object-security", 3)).toEqual(["0-16 IV: IV of AES-CFB8, drawn by client#0"]);
    expect(linesOf("object-security", 4)).toEqual([
      "0-8 base64: base64 of ciphertext",
      "0-7 ciphertext: AES-CFB8 of “admin” under K(client#0, server#0)",
    ]);
  });
  test("hashes in hex and numbers in decimal", () => {
    expect(linesOf("securecom", 0).at(0)).toBe("0-64 hex: hex of hash");
    expect(linesOf("securecom", 0).at(1)).toMatch(/^0-64 hash: SHA-256 hash of “Alice:/);
    expect(linesOf("securecom", 4).at(1)).toMatch(/256-bit finite-field public key of client#0$/);
  });
  test("ciphertext and tag, and lengths before them", () => {
    const labels = linesOf("secure-channel", 5).map((line) => line.replace(/:.*/, ""));
    expect(labels).toEqual([
      "0-3 bytes",
      "3-4 length",
      "4-64 sealed text",
      "4-48 ciphertext",
      "48-64 tag",
    ]);
  });
});

test("since when the adversary knows what is inside, and how", () => {
  const attack: Attack = [
    { move: "disclose", principal: "alice", what: "long-term", when: "start" },
  ];
  const knownIn = (moves: Attack): readonly (string | undefined)[] =>
    annotate(runOf("preshared", moves)).flatMap((p) =>
      p.ranges.flatMap((r) => (r.known === undefined ? [] : [r.known])),
    );
  const knows = /^the adversary knows/;
  expect(knownIn([]).filter((known) => knows.test(known ?? ""))).toEqual([]);
  expect(knownIn([])).toContain("the adversary does not know what is inside");
  expect(knownIn(attack)[0]).toMatch(/^the adversary knows what is inside since .*it can open/);
});

test("what an attack has changed", () => {
  const packet = { from: "client#0", to: "server#0", nth: 1 };
  const edits = [{ edit: "flip", at: 2, mask: 1 }] as const;
  const trace = runOf("object-security", [{ move: "modify", packet, edits: [...edits] }]);
  const [first] = annotate(trace);
  expect(first?.arrivals.map((a) => a.changed)).toEqual([[{ from: 2, to: 3 }]]);
});

test("differences between two byte strings", () => {
  const b = (...bytes: readonly number[]) => Uint8Array.from(bytes);
  expect(changesOf(b(1, 2, 3), b(1, 2, 3))).toEqual([]);
  expect(changesOf(b(1, 2, 3, 4, 5, 6, 7), b(0, 2, 0, 4, 5, 6, 0))).toEqual([
    { from: 0, to: 3 },
    { from: 6, to: 7 },
  ]);
  expect(changesOf(b(1, 2, 3), b(1, 9, 9, 2, 3))).toEqual([{ from: 1, to: 3 }]);
  expect(changesOf(b(1, 2, 2, 3), b(1, 2, 3))).toEqual([{ from: 2, to: 2 }]);
});

/** Ranges follow each other without gaps in packets; parts lie within, in order. */
function offences(ranges: readonly ByteRange[], from: number, to: number, isWhole: boolean) {
  const found: string[] = [];
  let at = from;
  for (const r of ranges) {
    if (isWhole ? r.from !== at : r.from < from) found.push(`${r.from} instead of ${at}`);
    if (r.to < r.from || r.to > to) found.push(`${r.from}-${r.to} beyond ${to}`);
    found.push(...offences(r.parts, r.from, r.to, false));
    at = r.to;
  }
  if (isWhole && at !== to) found.push(`ends at ${at} instead of ${to}`);
  return found;
}

test.each(protocols.map((p) => p.name))("every byte of %s is in one range", (name) => {
  const trace = runOf(name);
  const all = annotate(trace).flatMap(({ packet, ranges }) =>
    offences(ranges, 0, trace.packets[packet]?.bytes.length ?? 0, true),
  );
  expect(all).toEqual([]);
});
