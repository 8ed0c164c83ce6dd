/** For tests: mistakes in what a file exports, and in code that throws or never ends. */
import {
  at,
  boom,
  deliver,
  delivering,
  deploys,
  loop,
  onStart,
  type Row,
  transmit,
} from "./careless-row.ts";

export const carelessCode: readonly Row[] = [
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
      "const bytes": `class Odd extends Uint8Array {
          slice() { for (;;); }
          get length() { return 9e9; }
          static get [Symbol.species]() { return Array; }
        }
        const bytes`,
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
      "  ],\n  options": `  { name: "log", principals: ["bob"], process: "service", port: 9000 },
  ],
  options`,
    },
    "wrong",
    /roles "station" and "log" are both bob at port 9000/,
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
];
