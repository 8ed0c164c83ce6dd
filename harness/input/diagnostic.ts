/**
 * Validates data from outside: one diagnostic for its author, the most relevant one, with the
 * place and what would be right.
 */
import { z } from "zod";
import { listed, nearest } from "./suggestions.ts";

export type DataPath = readonly PropertyKey[];

export interface Diagnostic {
  readonly path: DataPath;
  /** Half a sentence: `must be a number, not "x"`. */
  readonly says: string;
  /** The key itself is wrong, rather than what stands under it. */
  readonly aboutKey: boolean;
}

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

const quoted = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : String(value);

const typeNames: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  function: "a function",
  null: "null",
  undefined: "nothing",
};

/** `"x"`, `12`, `a list`: what the author wrote, as short as possible. */
function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 40 ? `"${value.slice(0, 39)}…"` : `"${value}"`;
  if (Array.isArray(value)) return "a list";
  if (value === null || ["number", "boolean", "bigint"].includes(typeof value)) return `${value}`;
  return typeNames[typeof value] ?? typeof value;
}

const shapeOf = (schema: unknown): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

function expectedWords(issue: RawIssue & { readonly code: "invalid_type" }): string {
  const keys = shapeOf(issue.inst);
  if (keys.length > 0) return `an object with ${listed(keys, "and")}`;
  return typeNames[issue.expected] ?? issue.expected;
}

function unknownKeyWords(issue: RawIssue & { readonly code: "unrecognized_keys" }): string {
  const key = issue.keys[0] ?? "";
  const allowed = shapeOf(issue.inst);
  const near = nearest(key, allowed);
  const meant = near === undefined ? "" : `did you mean "${near}"? `;
  return `unknown key ${shown(key)}; ${meant}allowed here: ${listed(allowed, "and")}`;
}

const sizeWords = (n: number | bigint, origin: string): string =>
  origin === "array" || origin === "set"
    ? `${n} ${n === 1 ? "entry" : "entries"}`
    : origin === "string"
      ? `${n} ${n === 1 ? "character" : "characters"}`
      : `${n}`;

function chosenWords(values: readonly unknown[], input: unknown): string {
  const near =
    typeof input === "string"
      ? nearest(
          input,
          values.filter((v): v is string => typeof v === "string"),
        )
      : undefined;
  const meant = near === undefined ? "" : `; did you mean "${near}"?`;
  return `must be ${listed(values.map(quoted))}, not ${shown(input)}${meant}`;
}

/** The text of one issue; zod calls it for each one while it parses. */
function wording(issue: RawIssue): string | undefined {
  if (issue.input === undefined && issue.code !== "unrecognized_keys") {
    const options = issue.code === "invalid_union" ? discriminatorOptions(issue) : undefined;
    if (issue.code === "invalid_type") return `is missing; it must be ${expectedWords(issue)}`;
    if (issue.code === "invalid_value") {
      return `is missing; it must be ${listed(issue.values.map(quoted))}`;
    }
    return options === undefined ? "is missing" : `is missing; it must be ${listed(options)}`;
  }
  switch (issue.code) {
    case "invalid_type":
      return `must be ${expectedWords(issue)}, not ${shown(issue.input)}`;
    case "invalid_value":
      return chosenWords(issue.values, issue.input);
    case "unrecognized_keys":
      return unknownKeyWords(issue);
    case "too_small":
      return `must be at least ${sizeWords(issue.minimum, issue.origin)}`;
    case "too_big":
      return `must be at most ${sizeWords(issue.maximum, issue.origin)}`;
    case "invalid_union": {
      const options = discriminatorOptions(issue);
      const key = "discriminator" in issue ? String(issue.discriminator) : "";
      const written = (issue.input as Readonly<Record<string, unknown>> | undefined)?.[key];
      if (options === undefined) return undefined;
      return written === undefined
        ? `is missing; it must be ${listed(options)}`
        : chosenWords(options, written);
    }
    default:
      return undefined;
  }
}

const discriminatorOptions = (issue: RawIssue): readonly string[] | undefined =>
  "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : undefined;

/** A diagnostic about a key comes first: a missing key may only be misspelt. */
function firstOf(issues: readonly Issue[]): Issue | undefined {
  return issues.find((i) => i.code === "unrecognized_keys") ?? issues[0];
}

function complaintOf(issue: Issue, prefix: DataPath): Diagnostic {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return { path: [...path, issue.keys[0] ?? ""], says: issue.message, aboutKey: true };
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return unionComplaint(issue, path);
  return { path, says: issue.message, aboutKey: false };
}

/** The branch that the author meant is the one that fits at the top and fails further down. */
function unionComplaint(
  issue: Issue & { readonly code: "invalid_union" },
  path: DataPath,
): Diagnostic {
  const keys = issue.errors.map((b) => b.find(isMissingKey)?.path[0]);
  if (!keys.includes(undefined)) return { path, says: keyWords(issue, keys), aboutKey: false };
  const branches = issue.errors.filter((b) => b.every((i) => i.path.length > 0 || isAdvice(i)));
  const meant = branches.find((b) => b.every((i) => !wholeBranchMissing(i))) ?? branches[0];
  const inner = meant && firstOf(meant);
  if (inner !== undefined) return complaintOf(inner, path);
  const choices = issue.errors.flatMap((b) => b.slice(0, 1).map((i) => i.message));
  const alternatives = choices.map((c) => c.replace(/^must be /, "").replace(/, not .*$/s, ""));
  return { path, says: `must be ${listed([...new Set(alternatives)])}`, aboutKey: false };
}

const isMissingKey = (i: Issue): boolean =>
  i.path.length === 1 && i.message.startsWith("is missing");

/** Every branch is an object with a key of its own, and none of those is there. */
function keyWords(
  { errors }: Issue & { readonly code: "invalid_union" },
  keys: readonly unknown[],
): string {
  const all = [...new Set(keys.map(String))];
  const written = errors[0]?.find((i) => i.code === "unrecognized_keys")?.keys[0];
  const near = written === undefined ? undefined : nearest(written, all);
  const instead = written === undefined ? "" : `, not ${shown(written)}`;
  const meant = near === undefined ? "" : `; did you mean "${near}"?`;
  return `must have one of the keys ${listed(all)}${instead}${meant}`;
}

/** An issue at the top of a branch that does not exclude the branch: a failed format. */
const isAdvice = (i: Issue): boolean => i.code === "custom" || i.code === "invalid_format";
const wholeBranchMissing = (i: Issue): boolean =>
  i.code === "invalid_type" && i.path.length === 1 && i.message.startsWith("is missing");

export type Validated<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaint: Diagnostic };

/** Parses data; instead of a list of issues there is one diagnostic. */
export function validate<T>(schema: z.ZodType<T>, data: unknown): Validated<T> {
  const result = schema.safeParse(data, { error: wording });
  if (result.success) return { ok: true, value: result.data };
  const issue = firstOf(result.error.issues);
  if (issue === undefined) throw new Error("a failed check has at least one issue");
  return { ok: false, complaint: complaintOf(issue, []) };
}

/** `attack[0].packet.nth`; empty for the whole. */
function pathWords(path: DataPath): string {
  return path
    .map((key, i) =>
      typeof key === "number" ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`,
    )
    .join("");
}

/** The whole diagnostic as one sentence. */
export function diagnosticWords({ path, says, aboutKey }: Diagnostic): string {
  const shownPath = pathWords(aboutKey ? path.slice(0, -1) : path);
  if (shownPath === "") return says;
  return aboutKey ? `${shownPath}: ${says}` : `${shownPath} ${says}`;
}
