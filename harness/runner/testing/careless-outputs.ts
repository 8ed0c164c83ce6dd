/** For tests: mistakes in what code returns, and in what it does to the process. */
import { at, deliver, delivering, onStart, type Row, start, transmit } from "./careless-row.ts";

export const carelessOutputs: readonly Row[] = [
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
    /unknown kind "send"; did you mean "transmit"\? there are transmit, ready/,
  ],
  ["no kind", { [transmit]: "[{ bytes: packet }]" }, "wrong", /an output of no kind; there are/],
  [
    "a missing field of an output",
    delivering('[{ kind: "deliver", from: "alice" }]'),
    "wrong",
    /"deliver" whose message is not a Uint8Array/,
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
      `[{
        kind: "deliver",
        from: "alice",
        get message() { return this.n = !this.n, this.n ? "text" : message; },
      }]`,
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
    "a terminal that is read",
    {
      "const bytes": 'import { openSync } from "node:fs";\nconst bytes',
      ...onStart('openSync("/dev/tty");'),
    },
    "fault",
    new RegExp(`${at}\\w+#0 crashes .*: calls openSync\\(\\) on a pipe or terminal`),
  ],
  [
    "a program that will not end",
    {
      "const bytes": 'import { execSync } from "node:child_process";\nconst bytes',
      ...onStart(`execSync("trap '' TERM; for i in 1 2 3; do sleep 90; done", { timeout: 200 });`),
    },
    "fault",
    new RegExp(`${at}\\w+#0 crashes .*: .*ETIMEDOUT`),
  ],
  [
    "waiting for another thread",
    onStart("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"),
    "wrong",
    /handle\(\) of station does not return: stuck for 3 s/,
  ],
  [
    "an abort",
    delivering("process.abort()"),
    "fault",
    new RegExp(`${at}station#0 crashes .*: calls process\\.abort\\(\\)`),
  ],
];
