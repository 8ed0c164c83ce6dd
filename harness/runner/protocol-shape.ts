/** Is a value that a user's file exports a protocol? If not, which field is wrong? */
import { z } from "zod";
import type { Protocol, Workload } from "../../protocol/endpoint.ts";
import { transportNames } from "../../protocol/transport.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { type DataPath, diagnosticWords, validate } from "../input/diagnostic.ts";
import { nearest } from "../input/suggestions.ts";

const isFunction = z.custom<unknown>((v) => typeof v === "function", "must be a function");
const text = z.string().min(1);
const count = z.number().int().min(1);
const guaranteeId = z.enum(guarantees.map((g) => g.id));
const processName = /^[a-z][a-z0-9-]*$/;

const role = z.looseObject({
  name: z.string().regex(processName, "must be lower-case letters, digits and hyphens"),
  principals: z.array(text).min(1),
  process: z.enum(["session", "service"]),
  port: z.number().int().min(1).max(65_535).optional(),
  peer: z.string().optional(),
  receiveBufferBytes: count.optional(),
});

const option = z.looseObject({
  default: z.string(),
  values: z.array(z.string()).min(1),
  about: z.string(),
  weakens: z.record(z.string(), z.array(guaranteeId)).optional(),
});

const shape = {
  name: text,
  title: text,
  flow: z.string(),
  transport: z.enum(transportNames),
  roles: z.array(role).min(1),
  options: z.record(z.string(), option).optional(),
  claims: z.array(
    z.looseObject({ guarantee: guaranteeId, says: z.string(), where: z.string().optional() }),
  ),
  notApplicable: z
    .strictObject(Object.fromEntries(guarantees.map((g) => [g.id, z.string().optional()])))
    .optional(),
  limits: z
    .looseObject({
      datagramBytes: count.optional(),
      messageBytes: z.number().int().min(0).optional(),
    })
    .optional(),
  registration: z.boolean().optional(),
  runLimitMs: z.number().min(1).optional(),
  deploy: isFunction,
  workload: isFunction.optional(),
};
const protocolShape = z.looseObject(shape);
/** The fields of a protocol. */
export const protocolFields = Object.keys(shape) as readonly (keyof Protocol)[];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Was it meant to be a protocol, whether it is one or not? */
export const resemblesProtocol = (value: unknown): boolean =>
  isObject(value) && ("deploy" in value || ("roles" in value && "transport" in value));

/** What is wrong with a value, and the keys that lead there. */
export interface Flaw {
  /** Half a sentence. */
  readonly says: string;
  readonly keys: DataPath;
}

/** What keeps a value from being a protocol; `undefined` if nothing does. */
export function protocolFlaw(value: unknown): Flaw | undefined {
  const result = validate<unknown>(protocolShape, value);
  if (result.ok) return misspelt(value) ?? contradiction(value as Protocol);
  const { complaint } = result;
  return misspelt(value) ?? { says: diagnosticWords(complaint), keys: complaint.path };
}

/** The same as half a sentence. */
export const protocolComplaint = (value: unknown): string | undefined => protocolFlaw(value)?.says;

/** Authors may keep fields of their own, but not one that is nearly a field of a protocol. */
function misspelt(value: unknown): Flaw | undefined {
  if (!isObject(value)) return undefined;
  const missing = Object.keys(shape).filter((key) => !(key in value));
  for (const key of Object.keys(value)) {
    if (key in shape) continue;
    const near = nearest(key, missing);
    if (near === undefined) continue;
    return { says: `unknown field "${key}"; did you mean "${near}"?`, keys: [key] };
  }
  return undefined;
}

function contradiction({ roles, options }: Protocol): Flaw | undefined {
  const amongRoles = roleContradiction(roles);
  if (amongRoles !== undefined) return { says: amongRoles, keys: ["roles"] };
  for (const [name, spec] of Object.entries(options ?? {})) {
    if (spec.values.includes(spec.default)) continue;
    const says = `options.${name}.default must be among its values, not "${spec.default}"`;
    return { says, keys: ["options", name, "default"] };
  }
  return undefined;
}

function roleContradiction(roles: Protocol["roles"]): string | undefined {
  const names = roles.map((r) => r.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `roles has "${twice}" twice`;
  const lonely = roles.find((r) => r.peer !== undefined && !names.includes(r.peer));
  if (lonely !== undefined) {
    const there = names.map((name) => `"${name}"`).join(", ");
    return `role "${lonely.name}" has the peer "${lonely.peer}", which is no role (${there})`;
  }
  return samePort(roles);
}

/** Two services of one principal would listen at the same address. */
function samePort(roles: Protocol["roles"]): string | undefined {
  const taken = new Map<string, string>();
  for (const { name, principals, port, process } of roles) {
    if (port === undefined || process !== "service") continue;
    for (const principal of principals) {
      const before = taken.get(`${principal}:${port}`);
      taken.set(`${principal}:${port}`, name);
      if (before === undefined) continue;
      return before === name
        ? `role "${name}" has ${principal} twice at port ${port}`
        : `roles "${before}" and "${name}" are both ${principal} at port ${port}`;
    }
  }
  return undefined;
}

const bytes = z.custom<unknown>((v) => v instanceof Uint8Array, "must be a Uint8Array");
const workloadShape = z.looseObject({
  sessions: z
    .array(
      z.looseObject({
        start: z.union([z.number().min(0), z.literal("after-previous")]),
        messages: z.array(
          z.looseObject({
            from: z.string(),
            message: bytes,
            to: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
            isCommand: z.literal(true).optional(),
            pauseMs: z.number().min(0).optional(),
          }),
        ),
        restarts: z
          .array(z.looseObject({ role: z.string(), afterMs: z.number().min(0) }))
          .optional(),
        principals: z.record(z.string(), z.string()).optional(),
      }),
    )
    .min(1),
  opening: z.literal("in-reverse").optional(),
  typing: z.object({ firstMs: z.number().min(0), nextMs: z.number().min(0) }).optional(),
});

/** Likewise for what `workload()` returned. */
export function workloadComplaint(value: unknown, protocol: Protocol): string | undefined {
  const result = validate<unknown>(workloadShape, value);
  if (!result.ok) return diagnosticWords(result.complaint);
  const names = protocol.roles.flatMap((r) => [r.name, ...r.principals]);
  for (const [i, session] of (value as Workload).sessions.entries()) {
    const stranger = session.messages.find((m) => !names.includes(m.from));
    if (stranger !== undefined) {
      return `sessions[${i}] has a message from "${stranger.from}", who plays no role`;
    }
    const isService = (name: string): boolean =>
      protocol.roles.some((r) => r.name === name && r.process === "service");
    const other = session.restarts?.find((r) => !isService(r.role));
    if (other !== undefined) {
      return `sessions[${i}] restarts "${other.role}", which is no role whose process is a service`;
    }
  }
  return undefined;
}
