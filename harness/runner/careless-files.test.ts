/**
 * A folder full of files as newcomers write them, assessed at once: each has one thing wrong with
 * it and is told so in one true line, and none keeps the others from being looked at.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assessAll } from "./assess-all.ts";
import type { MatrixRun } from "./matrix-run.ts";
import { sensorWith } from "./testing/careless-sensor.ts";
import { temporaryFolder } from "./testing/folders.ts";
import { makePool } from "./worker-pool.ts";

/** How it ends: the input is wrong (2), it is at fault by itself (1), or it is as good as any. */
type End = "wrong" | "fault" | "fine";
type Row = readonly [
  what: string,
  file: Readonly<Record<string, string>> | string,
  end: End,
  says: RegExp,
];

const start = 'return role === "sensor" ? [{ kind: "ready" }] : [];';
const deliver = '[{ kind: "deliver", message, from: "alice" }]';
const transmit = '[{ kind: "transmit", bytes: packet }]';
const loop = "for (;;);";
const boom = 'throw new Error("boom");';
const deploys = "const key = crypto.random(32);";
const delivering = (output: string) => ({ [deliver]: output });
const onStart = (code: string) => ({ [start]: `${code} ${start}` });
/** With the place of the mistake. */
const at = String.raw`:\d+:\d+: `;

const rows: readonly Row[] = [
  // What works.
  ["nothing wrong", {}, "fine", /./],
  [
    "a Buffer sent",
    { [transmit]: '[{ kind: "transmit", bytes: Buffer.from(packet) }]' },
    "fine",
    /./,
  ],
  [
    "a Buffer delivered",
    { [deliver]: '[{ kind: "deliver", message: Buffer.from(message), from: "alice" }]' },
    "fine",
    /./,
  ],
  ["a default export", { "export const protocol =": "export default" }, "fine", /./],
  [
    "bytes of a class of its own",
    {
      "const bytes":
        "class Odd extends Uint8Array { slice() { for (;;); } get length() { return 9e9; } static get [Symbol.species]() { return Array; } }\nconst bytes",
      ...delivering('[{ kind: "deliver", message: new Odd(message), from: "alice" }]'),
    },
    "fine",
    /./,
  ],
  [
    "outputs behind a proxy",
    delivering('new Proxy([{ kind: "deliver", message, from: "alice" }], {})'),
    "fine",
    /./,
  ],
  ["printing past the console", { ...onStart('process.stdout.write("hi\\n");') }, "fine", /./],

  // What is exported.
  [
    "a misspelt field",
    { "deploy({": "deplyo({" },
    "wrong",
    /unknown field "deplyo"; did you mean "deploy"/,
  ],
  [
    "a missing field",
    { 'title: "Readings with a MAC",': "" },
    "wrong",
    /title is missing; it must be a text/,
  ],
  [
    "a function that makes it",
    { "export const protocol = {": "export const protocol = () => ({", "\n};\n": "\n});\n" },
    "wrong",
    /exports no Protocol .* protocol \(a function\)/,
  ],
  ["nothing exported", { "export const": "const" }, "wrong", /it exports nothing/],
  [
    "an unknown transport",
    { '"datagram",\n  roles': '"udp",\n  roles' },
    "wrong",
    /transport must be "datagram", "stream" or "messages", not "udp"/,
  ],
  ["no roles", { "roles: [": "roles: [], other: [" }, "wrong", /roles must be at least 1 entry/],
  [
    "a role in capitals",
    { 'name: "sensor"': 'name: "Sensor"' },
    "wrong",
    /roles\[0\]\.name must be lower-case/,
  ],
  [
    "a peer that is none",
    { 'peer: "station"': 'peer: "staton"' },
    "wrong",
    /has the peer "staton", which is no role/,
  ],
  [
    "an unknown kind of process",
    { '"session", peer': '"client", peer' },
    "wrong",
    /roles\[0\]\.process must be "session" or "service", not "client"/,
  ],
  [
    "a port out of range",
    { "port: 9000": "port: 90000" },
    "wrong",
    /roles\[1\]\.port must be at most 65535/,
  ],
  [
    "a port as text",
    { "port: 9000": 'port: "9000"' },
    "wrong",
    /roles\[1\]\.port must be a number, not "9000"/,
  ],
  [
    "two services at one port",
    {
      "  ],\n  options":
        '    { name: "archive", principals: ["bob"], process: "service", port: 9000 },\n  ],\n  options',
    },
    "wrong",
    /roles "station" and "archive" are both bob at port 9000/,
  ],
  [
    "a default that is no value",
    { 'default: "on"': 'default: "yes"' },
    "wrong",
    /options\.mac\.default must be among its values, not "yes"/,
  ],
  [
    "values that are no text",
    { '["on", "off"]': "[true, false]" },
    "wrong",
    /options\.mac\.values\[0\] must be a text, not true/,
  ],
  [
    "an unknown guarantee weakened",
    { 'about: "the MAC"': 'about: "", weakens: { off: ["integrty"] }' },
    "wrong",
    /weakens\.off\[0\] must be .*did you mean "integrity"/,
  ],
  [
    "an unknown guarantee claimed",
    { 'guarantee: "integrity"': 'guarantee: "integrty"' },
    "wrong",
    /claims\[0\]\.guarantee must be .*did you mean "integrity"/,
  ],

  // What does not load.
  [
    "a syntax error",
    { "const key =": "const key" },
    "wrong",
    /does not compile: Missing initializer/,
  ],
  [
    "an error on load",
    { "const bytes": `${boom}\nconst bytes` },
    "wrong",
    new RegExp(`${at}throws on load: boom`),
  ],
  [
    "a text thrown on load",
    { "const bytes": 'throw "boom";\nconst bytes' },
    "wrong",
    /throws on load: "boom"/,
  ],
  [
    "an import of nothing",
    { "const bytes": 'import { x } from "./nowhere.mjs";\nconst bytes' },
    "wrong",
    /imports "\S+nowhere\.mjs", which does not exist/,
  ],
  [
    "a package that is not there",
    { "const bytes": 'import x from "no-such-package";\nconst bytes' },
    "wrong",
    /imports "no-such-package", which is not installed/,
  ],
  [
    "an import of what is not exported",
    { "const bytes": 'import { lost } from "./helper.mjs";\nconst bytes' },
    "wrong",
    /does not compile: .*helper\.mjs' does not provide an export named 'lost'/,
  ],
  [
    "imports in a circle",
    { "const bytes": 'import "./circle.mjs";\nconst bytes' },
    "wrong",
    /circle\.mjs:\d+:\d+: throws on load: ReferenceError: Cannot access 'protocol'/,
  ],
  [
    "a loop on load",
    { "const bytes": `${loop}\nconst bytes` },
    "wrong",
    /does not finish loading \(stuck for .* of computing\)/,
  ],

  // What throws.
  ["deploy throws", { [deploys]: boom }, "wrong", new RegExp(`${at}deploy\\(\\) throws: boom`)],
  [
    "open throws",
    { "const macOf": `${boom} const macOf` },
    "wrong",
    new RegExp(`${at}open\\("station"\\) throws: boom`),
  ],
  [
    "handle throws at the start",
    onStart(boom),
    "fault",
    new RegExp(`${at}\\w+#0 crashes .*: boom`),
  ],
  [
    "handle throws at a message to send",
    { [transmit]: `(() => { ${boom} })()` },
    "fault",
    new RegExp(`${at}sensor#0 crashes .*: boom`),
  ],
  [
    "handle throws at a datagram",
    delivering(`(() => { ${boom} })()`),
    "fault",
    new RegExp(`${at}station#0 crashes .*: boom`),
  ],
  [
    "handle throws at a timeout",
    { "() => undefined": "() => 50", "default:\n                return [];": `default: ${boom}` },
    "fault",
    new RegExp(`${at}\\w+#0 crashes .* at 50 ms: boom`),
  ],
  ["a null thrown", onStart("throw null;"), "fault", /\w+#0 crashes .*: null/],
  [
    "a very long text thrown",
    onStart('throw new Error("x".repeat(1e6));'),
    "fault",
    /\w+#0 crashes .*: x{100,3000}( |$)/,
  ],
  [
    "an output that throws when it is read",
    delivering(`[{ kind: "deliver", from: "alice", get message() { ${boom} } }]`),
    "fault",
    new RegExp(`${at}station#0 crashes .*: boom`),
  ],
  [
    "deadline throws",
    { "() => undefined": `() => { ${boom} }` },
    "wrong",
    new RegExp(`${at}deadline\\(\\) of station throws: boom`),
  ],
  [
    "stateSize throws",
    { "() => 0": `() => { ${boom} }` },
    "wrong",
    new RegExp(`${at}stateSize\\(\\) of station throws: boom`),
  ],
  [
    "workload throws",
    { "const messages": `${boom} const messages` },
    "wrong",
    new RegExp(`${at}workload\\(\\) throws: boom`),
  ],
  [
    "a misspelt algorithm",
    { '"sha256"': '"sha265"' },
    "fault",
    new RegExp(`${at}.*there is no hash function "sha265"`),
  ],
  [
    "a text for bytes in cryptography",
    { "key, message)": 'key, "message")' },
    "fault",
    new RegExp(`${at}sensor#0 crashes`),
  ],

  // What never ends.
  [
    "a loop in deploy",
    { [deploys]: loop },
    "wrong",
    /deploy\(\) does not return: stuck for .* of computing/,
  ],
  [
    "a loop in handle",
    delivering(`(() => { ${loop} })()`),
    "wrong",
    /handle\(\) of station does not return: stuck for .* of computing/,
  ],
  [
    "promises without end",
    onStart("const again = () => { Promise.resolve().then(again); }; again();"),
    "wrong",
    /a promise or timer of its own does not end/,
  ],
  [
    "a timer that rings at once",
    { "() => undefined": "() => 0" },
    "fault",
    /does not come to rest in the undisturbed run.*steps without time passing/,
  ],

  // What is returned.
  [
    "an async handle",
    { "handle(input) {": "async handle(input) {" },
    "wrong",
    /handle\(\{ kind: "start" \}\) is async and must not be/,
  ],
  [
    "an async open",
    { "open: (role": "open: async (role" },
    "wrong",
    /open\("station"\) is async and must not be/,
  ],
  [
    "an async deploy",
    { "deploy({": "async deploy({" },
    "wrong",
    /deploy\(\) is async and must not be/,
  ],
  [
    "a generator",
    { "handle(input) {": "*handle(input) {" },
    "wrong",
    /must return an array of outputs, not a generator/,
  ],
  [
    "no outputs",
    { [start]: `${start.replace("return", "void (").replace("];", "]);")} return;` },
    "wrong",
    /must return an array of outputs, not undefined/,
  ],
  [
    "one output without its list",
    { [transmit]: transmit.slice(1, -1) },
    "wrong",
    /must return an array of outputs, not an object/,
  ],
  [
    "an output that is a text",
    delivering('["deliver"]'),
    "wrong",
    /an output that is "deliver" and not an object/,
  ],
  [
    "a misspelt kind",
    delivering(deliver.replace('"deliver"', '"delivr"')),
    "wrong",
    /unknown kind "delivr"; did you mean "deliver"/,
  ],
  [
    "an unknown kind",
    { [transmit]: '[{ kind: "send", bytes: packet }]' },
    "wrong",
    /unknown kind "send"; there are transmit, ready/,
  ],
  ["no kind", { [transmit]: "[{ bytes: packet }]" }, "wrong", /an output of no kind; there are/],
  [
    "a missing field of an output",
    delivering('[{ kind: "deliver", message }]'),
    "wrong",
    /"deliver" whose from is not a string/,
  ],
  [
    "a misspelt field of an output",
    { '{ kind: "ready" }': '{ kind: "ready", mesages: 2 }' },
    "wrong",
    /"ready" with the unknown field "mesages"; did you mean "messages"/,
  ],
  [
    "a text for bytes",
    { [transmit]: '[{ kind: "transmit", bytes: "21" }]' },
    "wrong",
    /"transmit" whose bytes is not a Uint8Array, but "21"/,
  ],
  [
    "an unknown reason",
    delivering('[{ kind: "reject", reason: "bad-mac" }]'),
    "wrong",
    /"reject" whose reason is not one of malformed, .*, but "bad-mac"/,
  ],
  [
    "an unknown claim",
    delivering('[{ kind: "claim", claim: { kind: "comit", peer: "alice" } }]'),
    "wrong",
    /a claim of the unknown kind "comit"; did you mean "commit"/,
  ],
  [
    "a session that is a number",
    delivering(deliver.replace("from", "session: 5, from")),
    "wrong",
    /"deliver" whose session is not a string, but a number/,
  ],
  [
    "bytes that change when they are read",
    delivering(
      '[{ kind: "deliver", from: "alice", get message() { return this.n = !this.n, this.n ? "text" : message; } }]',
    ),
    "wrong",
    /whose message is not a Uint8Array, but "text"/,
  ],
  [
    "a million outputs",
    delivering('Array(1e6).fill({ kind: "log", line: "" })'),
    "wrong",
    /returned 1000000 outputs; 10000 are the most/,
  ],
  [
    "a huge packet",
    { [transmit]: '[{ kind: "transmit", bytes: new Uint8Array(4e7) }]' },
    "wrong",
    /returned more than 32 MB at once/,
  ],
  [
    "a huge line",
    delivering('[{ kind: "log", line: "x".repeat(1e6) }]'),
    "wrong",
    /"log" whose line is longer than 100000 characters/,
  ],
  [
    "a packet to nobody",
    { [start]: 'return [{ kind: "transmit", bytes: bytes("hello") }];' },
    "wrong",
    /station#0 transmits without saying to whom/,
  ],
  [
    "an end that is never ready",
    { [start]: "return [];" },
    "fault",
    /no process of sensor says "ready"/,
  ],
  [
    "a deadline that is not a number",
    { "() => undefined": "() => Number.NaN" },
    "wrong",
    /deadline\(\) of station must return a number, not NaN/,
  ],
  [
    "a deadline that is a date",
    { "() => undefined": "() => new Date(5)" },
    "wrong",
    /deadline\(\) of station must return a number, not object/,
  ],
  [
    "a negative size",
    { "() => 0": "() => -1" },
    "wrong",
    /stateSize\(\) of station must return a number from 0 up, not -1/,
  ],
  [
    "an empty deployment",
    { "return {\n      longTerm": "({\n      longTerm", "    };\n  },\n};": "    });\n  },\n};" },
    "wrong",
    /deploy\(\) must return an object with open and longTermSecrets/,
  ],
  [
    "no endpoint",
    { "return endpoint;": "return endpoint.handle;" },
    "wrong",
    /open\("station"\) must return an endpoint with a handle function/,
  ],
  [
    "public values that are texts",
    { "longTermSecrets:": 'publicValues: ["x"], longTermSecrets:' },
    "wrong",
    /deploy\(\) must return publicValues that are a list of Uint8Arrays/,
  ],
  [
    "no sessions",
    { "sessions: [{ start: 0, messages }]": "sessions: []" },
    "wrong",
    /workload\(\) returns a workload that is wrong: sessions must be at least 1 entry/,
  ],
  [
    "a message that is a text",
    { 'bytes("21 degrees")': '"21 degrees"' },
    "wrong",
    /sessions\[0\]\.messages\[0\]\.message must be a Uint8Array/,
  ],
  [
    "a message of nobody",
    { 'from: "sensor"': 'from: "sensr"' },
    "wrong",
    /sessions\[0\] has a message from "sensr", who plays no role/,
  ],
  ["a session before the beginning", { "start: 0": "start: -1" }, "wrong", /sessions\[0\]\.start/],

  // What it does to the process.
  [
    "a timer of its own",
    onStart("setTimeout(() => {}, 10);"),
    "wrong",
    new RegExp(`${at}handle\\(\\) of station calls setTimeout\\(\\), which never comes back`),
  ],
  [
    "an exit",
    delivering("process.exit(3)"),
    "fault",
    new RegExp(`${at}station#0 crashes .*: calls process\\.exit\\(\\)`),
  ],
  [
    "a signal to itself",
    delivering('process.kill(process.pid, "SIGKILL")'),
    "fault",
    new RegExp(`${at}station#0 crashes .*: calls process\\.kill\\(\\)`),
  ],
  [
    "an abort",
    delivering("process.abort()"),
    "fault",
    new RegExp(`${at}station#0 crashes .*: calls process\\.abort\\(\\)`),
  ],
];

const folder = temporaryFolder();
const pool = makePool(2);
const printed: string[] = [];
let run: MatrixRun;
const fileOf = (index: number): string => `./careless-${index}.mjs`;

beforeAll(async () => {
  writeFileSync(join(folder.path, "helper.mjs"), "export const found = 1;\n");
  const circle = String(rows.findIndex(([what]) => what === "imports in a circle"));
  writeFileSync(
    join(folder.path, "circle.mjs"),
    `import { protocol } from "./careless-${circle}.mjs";\nprotocol.name;\n`,
  );
  rows.forEach(([, changes], i) => {
    const text = typeof changes === "string" ? changes : sensorWith(changes);
    writeFileSync(join(folder.path, fileOf(i)), text);
  });
  const budget = { unit: "runs", runs: 20 } as const;
  const settings = { cwd: folder.path, pool, budget, guarantees: ["integrity"], stuckMs: 1_000 };
  run = await assessAll(
    rows.map((_, i) => fileOf(i)),
    settings,
    { note: (line) => printed.push(line) },
  );
});
afterAll(async () => {
  await pool.destroy();
  folder.remove();
});

describe("a file with", () => {
  test.each(rows.map(([what, , end, says], i) => [what, end, says, fileOf(i)] as const))(
    "%s",
    (_, end, says, file) => {
      const report = run.report.protocols.find((p) => p.source === file);
      // A mistake in what it imports has its place there.
      const named = says.source.startsWith("circle") ? "/circle.mjs" : file.slice(1);
      const failure = run.failures.find((f) => f.message.includes(named));
      const told = failure?.message ?? report?.faults?.[0] ?? "fine";
      expect(told).toMatch(says);
      expect(told).not.toContain("\n");
      expect(told.length).toBeLessThan(4_000);
      const found =
        failure === undefined ? (report?.faults === undefined ? "fine" : "fault") : failure.end;
      expect(found).toBe({ wrong: "user", fault: "fault", fine: "fine" }[end]);
      if (failure !== undefined || says.source.startsWith(at)) expect(told).toContain(named);
    },
  );
});

test("each is told once, and what is printed past the console is heard", () => {
  expect(run.failures.length + run.report.protocols.length).toBe(rows.length);
  expect(printed.filter((line) => line.endsWith("prints: hi"))).not.toEqual([]);
});
