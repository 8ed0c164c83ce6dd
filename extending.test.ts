/**
 * What it takes to add a move, a disclosure or a transport: the compiler is asked. A kind is
 * added to its union in a copy of the lab, and every file that must know of it has to complain.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { transportNames } from "./protocol/transport.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const rooms = ["protocol", "attacker", "harness"] as const;
let copy = "";

/**
 * What deals with moves; loading protocols and drawing reports do not. Tests have tables of their
 * own, and say by themselves what is missing there.
 */
const project = {
  extends: "./tsconfig.json",
  include: [
    "attacker",
    ...["run", "guarantees", "search", "trace", "*.ts"].map((part) => `harness/${part}`),
  ],
  exclude: ["**/*.test.ts"],
};
const isShipped = (path: string): boolean => !path.endsWith(".test.ts");

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "mallory-extending-"));
  for (const room of rooms) {
    cpSync(join(root, room), join(copy, room), { recursive: true, filter: isShipped });
  }
  for (const file of ["package.json", "tsconfig.json"]) cpSync(join(root, file), join(copy, file));
  writeFileSync(join(copy, "moves.json"), JSON.stringify(project));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "dir");
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** @returns the files that do not compile once `path` has been changed. */
function complaintsAfter(path: string, text: string, changed: string): readonly string[] {
  const file = join(copy, path);
  const before = readFileSync(file, "utf8");
  if (before.split(text).length !== 2) throw new Error(`${path} has to have once: ${text}`);
  writeFileSync(
    file,
    before.replace(text, () => changed),
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = spawnSync(
    process.execPath,
    [compiler, "-p", "moves.json", "--pretty", "false"],
    {
      cwd: copy,
      encoding: "utf8",
    },
  );
  writeFileSync(file, before);
  const files = [...stdout.matchAll(/^(\S+\.ts)\(\d+,\d+\): error/gm)].map((m) => m[1] ?? "");
  return [...new Set(files.map((f) => relative(copy, join(copy, f)).replaceAll("\\", "/")))].sort();
}

describe("the compiler names the files that must know", () => {
  test("a new kind of move", () => {
    const last = "  /** Hands the attacker what disclosure.ts lists, of one principal. */";
    const clock = '  z.strictObject({ move: z.literal("set-clock"), process: processId }),';
    expect(complaintsAfter("attacker/move.ts", last, `${clock}\n${last}`)).toEqual([
      "attacker/describe.ts",
      "attacker/move.ts",
      "harness/run/attack-plan.ts",
      "harness/run/own-moves.ts",
    ]);
  });

  test("a new kind of move on packets", () => {
    const kinds = '"drop" | "hold"';
    expect(complaintsAfter("attacker/move.ts", kinds, `"replay" | ${kinds}`)).toEqual([
      "harness/run/attack-plan.ts",
      "harness/run/own-moves.ts",
      "harness/run/packet-moves.ts",
    ]);
  });

  test("a new kind of disclosure", () => {
    const kind = '  | { readonly kind: "long-term" }';
    const keys = '  | { readonly kind: "screen" }';
    expect(complaintsAfter("attacker/disclosure.ts", kind, `${kind}\n${keys}`)).toEqual([
      "attacker/describe.ts",
      "attacker/disclosure.ts",
      "harness/run/own-moves.ts",
    ]);
  });

  test("a new kind of operation: its descriptor, and nothing else", () => {
    const last = '  | "compare";';
    const ratchet = '  | "ratchet"\n';
    expect(complaintsAfter("protocol/kit/operations.ts", last, `${ratchet}${last}`)).toEqual([
      "protocol/kit/operations.ts",
    ]);
  });

  test("a new kind of key: how the adversary makes one of its own", () => {
    const last = ' | "ml-kem-768";';
    expect(complaintsAfter("protocol/kit/key-kinds.ts", last, ` | "ecdsa-p521"${last}`)).toEqual([
      "protocol/kit/key-kinds.ts",
    ]);
  });

  test("a new transport: none, since they read its traits", () => {
    const first = "  /** UDP. */";
    const traits = "reliable: false, ordered: false, keepsMessages: true, connected: true";
    const quic = `  "quic-datagrams": { ${traits} },`;
    expect(complaintsAfter("protocol/transport.ts", first, `${quic}\n${first}`)).toEqual([]);
    const wrong = quic.replace("keepsMessages: true", "keepsMessages: false");
    const there = ["protocol/transport.ts"];
    expect(complaintsAfter("protocol/transport.ts", first, `${wrong}\n${first}`)).toEqual(there);
  });
});

test("no file asks which transport it is", () => {
  const asks = new RegExp(`ransport\\b.*[!=]== "(?:${transportNames.join("|")})"`);
  const files = rooms.flatMap((room) =>
    readdirSync(join(root, room), { encoding: "utf8", recursive: true })
      .filter((file) => file.endsWith(".ts") && isShipped(file))
      .map((file) => join(room, file)),
  );
  expect(files.length).toBeGreaterThan(100);
  const asking = files.filter((file) => asks.test(readFileSync(join(root, file), "utf8")));
  expect(asking).toEqual([]);
});
