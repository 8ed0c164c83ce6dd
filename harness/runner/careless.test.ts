/**
 * Files as newcomers write them: each has one thing wrong with it, and is told so in one line, or
 * gets no verdict that would be worth nothing.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { assessAll } from "./assess-all.ts";
import { temporaryFolder } from "./testing/folders.ts";
import { makePool } from "./worker-pool.ts";

const folder = temporaryFolder();
const pool = makePool(2);
afterAll(async () => {
  await pool.destroy();
  folder.remove();
});

interface Parts {
  /** Between the imports and the protocol. */
  readonly module?: string;
  /** What `deploy` begins with. */
  readonly deploy?: string;
  /** The key, where an endpoint has `env`. */
  readonly key?: string;
  readonly mac?: string;
  readonly start?: string;
  readonly handle?: string;
}

/** A sensor that sends readings with a MAC; without parts, a sound one. */
const sensor = ({
  module = "",
  deploy = "const dealt = crypto.random(32);",
  key = "dealt",
  mac = 'env.crypto.hmac("sha256", key, message)',
  start = 'return role === "sensor" ? [{ kind: "ready" }] : [];',
  handle = "handle(input) {",
}: Parts): string => `
import { concat, utf8 } from "mallory";
${module}
export const protocol = {
  name: "careless",
  title: "Readings with a MAC",
  flow: "A → B: HMAC(K, reading), reading",
  transport: "datagram",
  roles: [
    { name: "sensor", principals: ["alice"], process: "session", peer: "station" },
    { name: "station", principals: ["bob"], process: "service", port: 9000 },
  ],
  claims: [{ guarantee: "integrity", says: "Only the sensor writes readings." }],
  deploy({ crypto }) {
    ${deploy}
    const open = (role, env) => ({
      ${handle}
        if (input.kind === "start") { ${start} }
        const keyOf = () => ${key};
        const macOf = (message) => { const key = keyOf(); return ${mac}; };
        if (input.kind === "send") {
          return [{ kind: "transmit", bytes: concat(macOf(input.message), input.message) }];
        }
        if (input.kind !== "datagram") return [];
        const [sent, message] = [input.bytes.slice(0, 32), input.bytes.slice(32)];
        if (!env.crypto.equal(sent, macOf(message))) return [{ kind: "reject", reason: "bad-tag" }];
        return [{ kind: "deliver", message, from: "alice" }];
      },
    });
    return { open, longTermSecrets: () => [] };
  },
};
`;

let count = 0;
async function assessed(parts: Parts) {
  const name = `./careless-${++count}.mjs`;
  writeFileSync(join(folder.path, name), sensor(parts));
  const budget = { unit: "runs", runs: 400 } as const;
  const settings = { cwd: folder.path, pool, budget, guarantees: ["integrity"] };
  const { report, failures } = await assessAll([name], settings);
  return { name, report: report.protocols[0], failures };
}

test("a sound one is judged", async () => {
  const { failures, report } = await assessed({});
  expect(failures).toEqual([]);
  expect(report?.faults).toBeUndefined();
  expect(report?.verdicts[0]?.because).toMatch(/budget/);
});

test("endpoints in CommonJS share no variables of the module either", async () => {
  const parts = { module: "let shared;", key: "(shared ??= env.crypto.random(32))" };
  const code = sensor(parts)
    .replace(/^import .*$/m, 'const { concat, utf8 } = require("mallory");')
    .replace("export const protocol =", "exports.protocol =");
  writeFileSync(join(folder.path, "careless.cjs"), code);
  const settings = { cwd: folder.path, pool, guarantees: ["integrity"] };
  const { failures } = await assessAll(["./careless.cjs"], settings);
  expect(failures[0]?.message).toMatch(/^\S+: its endpoints share memory/);
});

describe("nothing is said about code", () => {
  test.each<[string, Parts, RegExp]>([
    [
      "whose ends share a variable of deploy",
      { deploy: "let dealt;", key: "(dealt ??= env.crypto.random(32))" },
      /^\S+: its endpoints share memory/,
    ],
    [
      "whose ends share a variable of the module",
      { module: "let shared;", key: "(shared ??= env.crypto.random(32))" },
      /^\S+: its endpoints share memory/,
    ],
    [
      "whose ends keep a list in the module, over runs too",
      {
        module: "const said = [];",
        mac: `(role === "sensor" && said.push(String(message)),
          new Uint8Array(32).fill(said.includes(String(message)) ? 1 : 0))`,
      },
      /^\S+: its endpoints share memory/,
    ],
    [
      "that asks the clock",
      { mac: 'env.crypto.hmac("sha256", key, concat(utf8(String(Date.now())), message))' },
      /^\S+:\d+:\d+: Date\.now\(\) decides what happens/,
    ],
    [
      "that asks the clock, and shares nothing",
      {
        module: "let day; const today = () => (day ??= new Date().getDate());",
        key: "dealt.map((b) => b ^ today())",
      },
      /^\S+:\d+:\d+: new Date\(\) decides what happens/,
    ],
    [
      "that asked the clock when it was loaded",
      { module: "const born = Date.now();", key: "dealt.map((b) => b ^ born % 256)" },
      /^\S+:\d+:\d+: Date\.now\(\) decides what happens/,
    ],
    [
      "that asked chance when it was loaded",
      { module: "const key = utf8(String(Math.random()));", key: "key" },
      /^\S+:\d+:\d+: Math\.random\(\) decides what happens/,
    ],
    [
      "whose ends share a variable, though it asks the clock for its log",
      {
        module: "let shared;",
        key: "(shared ??= env.crypto.random(32))",
        start: 'console.log(new Date()); return role === "sensor" ? [{ kind: "ready" }] : [];',
      },
      /^\S+: its endpoints share memory/,
    ],
    [
      "that asks chance",
      { deploy: "const dealt = crypto.random(32).map(() => Math.random() * 256);" },
      /^\S+:\d+:\d+: Math\.random\(\) decides what happens/,
    ],
    [
      "that counts its deployments",
      { module: "let runs = 0;", deploy: "const dealt = crypto.random(32).fill(runs++ >> 2);" },
      /^\S+: (?:the same run comes out differently|its endpoints share memory)/,
    ],
  ])("%s", async (_, parts, says) => {
    const { failures, report } = await assessed(parts);
    expect(report).toBeUndefined();
    expect(failures).toMatchObject([{ end: "protocol", message: expect.stringMatching(says) }]);
    expect(failures[0]?.message).not.toContain("\n");
  });
});

describe("the verdict is unknown, and says why, for", () => {
  test.each<[string, Parts, RegExp]>([
    [
      "keys of the browser's cryptography",
      { deploy: "const dealt = globalThis.crypto.getRandomValues(new Uint8Array(32));" },
      /crypto\.getRandomValues\(\) at \S+:\d+:\d+/,
    ],
    [
      "MACs of node:crypto",
      {
        module: 'import { createHmac } from "node:crypto";',
        mac: 'new Uint8Array(createHmac("sha256", key).update(message).digest())',
      },
      /comes? from nowhere the lab can see: 32 bytes, [0-9a-f]{16}…/,
    ],
    [
      "keys of its own arithmetic",
      { key: "dealt.map((byte) => byte ^ 0x5c)" },
      /an input of hmac sha256 by sensor#0 comes from nowhere/,
    ],
  ])("%s", async (_, parts, says) => {
    const { failures, report } = await assessed(parts);
    expect(failures).toEqual([]);
    expect(report?.verdicts).toMatchObject([
      { verdict: "unknown", because: expect.stringMatching(says) },
    ]);
  });
});

describe("what is wrong before any attack comes first:", () => {
  test.each<[string, Parts, RegExp]>([
    ["an end that is never ready", { start: "return [];" }, /no process of sensor says "ready"/],
    [
      "an end that throws",
      { start: 'throw new Error("boom");' },
      /^\S+:\d+:\d+: \w+#0 crashes in the undisturbed run, at 0 ms: boom/,
    ],
    [
      "a misspelt algorithm",
      { mac: 'env.crypto.hmac("sha265", key, message)' },
      /there is no hash function "sha265"; there are md5, sha1, sha256/,
    ],
  ])("%s", async (_, parts, says) => {
    const { failures, report } = await assessed(parts);
    expect(failures).toEqual([]);
    expect(report?.faults?.[0]).toMatch(says);
    expect(report?.verdicts[0]?.verdict).toBe("unknown");
  });

  test("an end that is async", async () => {
    const { failures } = await assessed({ handle: "async handle(input) {" });
    expect(failures[0]?.message).toMatch(/handle\(\{ kind: "start" \}\) is async and must not be/);
  });
});
