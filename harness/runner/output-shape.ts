/** Does an output that a user's endpoint returned fit the interface? If not, what is wrong? */
import { type Output, rejectReasons } from "../../protocol/endpoint.ts";

type Test = readonly [is: (value: unknown) => boolean, words: string];
const string: Test = [(v) => typeof v === "string", "a string"];
const boolean: Test = [(v) => typeof v === "boolean", "true or false"];
const bytes: Test = [(v) => v instanceof Uint8Array, "a Uint8Array"];
const object: Test = [(v) => typeof v === "object" && v !== null, "an object"];
const optional = ([is, words]: Test): Test => [(v) => v === undefined || is(v), words];
const wholeNumber: Test = [(v) => Number.isInteger(v), "a whole number"];
const reason: Test = [
  (v) => (rejectReasons as readonly unknown[]).includes(v),
  `one of ${rejectReasons.join(", ")}`,
];
const purpose: Test = [(v) => v === "message" || v === "login", '"message" or "login"'];

/** Fields by kind of output, those left out that the simulator checks itself. */
const outputFields: Readonly<Record<Output["kind"], Readonly<Record<string, Test>>>> = {
  transmit: { to: optional(string) },
  ready: { messages: optional(wholeNumber) },
  submit: { purpose },
  deliver: { from: optional(string), purpose: optional(purpose) },
  confirm: {},
  "give-up": {},
  end: { from: string },
  claim: { claim: object },
  reject: { reason },
  log: { line: string },
  alarm: { text: string },
  "ran-code": { code: string },
  negotiated: { suite: string, best: string },
  close: { to: optional(string) },
  connect: { to: optional(string) },
  exit: { ok: boolean, because: optional(string) },
};
const claimFields: Readonly<Record<string, Readonly<Record<string, Test>>>> = {
  running: { peer: optional(string), agreed: optional(bytes) },
  commit: { peer: string, agreed: optional(bytes) },
  secret: { peer: optional(string), value: bytes },
  evidence: { peer: string, message: bytes, bytes },
};

type Fields = Readonly<Record<string, unknown>>;

/** Half a sentence; `undefined` if it fits, or the simulator itself refuses it. */
export function outputComplaint(output: unknown): string | undefined {
  if (typeof output !== "object" || output === null) return undefined;
  const fields = output as Fields;
  const kind = String(fields.kind);
  const tests = Object.hasOwn(outputFields, kind)
    ? outputFields[kind as Output["kind"]]
    : undefined;
  // An unknown kind is refused by the simulator.
  if (tests === undefined) return undefined;
  const session = fields.session;
  if (session !== undefined && typeof session !== "string") {
    return `"${kind}" whose session is not a string`;
  }
  const wrong = fieldComplaint(`"${kind}"`, fields, tests);
  return wrong ?? (kind === "claim" ? claimComplaint(fields.claim as Fields) : undefined);
}

function claimComplaint(claim: Fields): string | undefined {
  const kind = String(claim.kind);
  const tests = Object.hasOwn(claimFields, kind) ? claimFields[kind] : undefined;
  if (tests !== undefined) return fieldComplaint(`a claim "${kind}"`, claim, tests);
  return `a claim of the unknown kind "${kind}"; there are ${Object.keys(claimFields).join(", ")}`;
}

function fieldComplaint(
  what: string,
  fields: Fields,
  tests: Readonly<Record<string, Test>>,
): string | undefined {
  for (const [name, [is, words]] of Object.entries(tests)) {
    if (!is(fields[name])) return `${what} whose ${name} is not ${words}`;
  }
  return undefined;
}
