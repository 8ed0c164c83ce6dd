/** Laws that every bundled protocol obeys before anybody attacks it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { protocols } from "./catalog.ts";
import {
  type Endpoint,
  type Env,
  type Input,
  type OptionValues,
  type Output,
  type Protocol,
  type RoleSpec,
  rejectReasons,
} from "./endpoint.ts";
import { concat, hex } from "./kit/bytes.ts";
import { Random } from "./kit/random.ts";
import { CryptoRecorder } from "./kit/recorder.ts";
import { transportOf } from "./transport.ts";

const defaults = (p: Protocol): OptionValues =>
  Object.fromEntries(Object.entries(p.options ?? {}).map(([name, o]) => [name, o.default]));
const listed = protocols.map((p) => [p.name, p] as const);

test("names are unique, and can be written on a command line", () => {
  const names = protocols.map((p) => p.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  for (const { title, flow } of protocols) {
    expect(title).toMatch(/\S/);
    expect(flow).toMatch(/→/);
  }
});

describe.each(listed)("%s", (_, protocol) => {
  test("roles name each other, and ports where somebody listens", () => {
    const { roles } = protocol;
    expect(roles.length).toBeGreaterThan(0);
    expect(new Set(roles.map((r) => r.name)).size).toBe(roles.length);
    for (const role of roles) {
      expect(role.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(role.principals.length).toBeGreaterThan(0);
      if (role.process === "service") expect(role.port).toBeGreaterThan(0);
      if (role.peer !== undefined) expect(roles.map((r) => r.name)).toContain(role.peer);
    }
  });

  test("options have their default among their values, and weaken something that is there", () => {
    for (const option of Object.values(protocol.options ?? {})) {
      expect(option.values).toContain(option.default);
      expect(new Set(option.values).size).toBe(option.values.length);
      expect(option.about).toMatch(/\S/);
      for (const [value, carried] of Object.entries(option.weakens ?? {})) {
        expect(option.values).toContain(value);
        expect(carried.length).toBeGreaterThan(0);
      }
    }
  });

  test("claims and excuses say something, and do not contradict each other", () => {
    for (const { guarantee, says } of protocol.claims) {
      expect(says).toMatch(/\w.*\.$/);
      expect(Object.keys(protocol.notApplicable ?? {})).not.toContain(guarantee);
    }
    for (const reason of Object.values(protocol.notApplicable ?? {})) expect(reason).toMatch(/\w/);
  });

  test("the workload names roles or principals, and plays within the roles", () => {
    const workload = protocol.workload?.(defaults(protocol));
    const speakers = protocol.roles.flatMap((r) => [r.name, ...r.principals]);
    for (const session of workload?.sessions ?? []) {
      for (const m of session.messages) expect(speakers).toContain(m.from);
      for (const role of Object.keys(session.principals ?? {})) {
        expect(protocol.roles.map((r) => r.name)).toContain(role);
      }
    }
  });
});

/** Opens one process of a role, as the lab would. */
function open(protocol: Protocol, spec: RoleSpec, seed: string): Endpoint {
  const stores = new Map<string, Uint8Array>();
  const store = (owner: string) => (name: string) => {
    const key = `${owner}/${name}`;
    const read = () => stores.get(key) ?? new Uint8Array(0);
    return {
      read: () => read().slice(),
      write: (bytes: Uint8Array) => void stores.set(key, bytes.slice()),
      append: (bytes: Uint8Array) => void stores.set(key, concat(read(), bytes)),
    };
  };
  const random = new Random(seed);
  const deployment = protocol.deploy({
    crypto: new CryptoRecorder([], random.fork("deployment"), "deployment"),
    options: defaults(protocol),
    principals: [...new Set(protocol.roles.flatMap((r) => r.principals))],
    store: (principal, name) => store(principal)(name),
  });
  const self = spec.principals[0] ?? spec.name;
  const peer = protocol.roles.find((r) => r.name === spec.peer);
  const host = peer?.principals[0];
  const env: Env = {
    self,
    role: spec.name,
    address: `${self}:${spec.port ?? 40_000}`,
    ...(host === undefined ? {} : { peer: host, peerAddress: `${host}:${peer?.port ?? 40_001}` }),
    crypto: new CryptoRecorder([], random.fork(self), `${spec.name}#0`),
    store: store(self),
  };
  return deployment.open(spec.name, env);
}

const feed = (endpoint: Endpoint, input: Input, now: number): readonly Output[] | "crashed" => {
  try {
    return endpoint.handle(input, now);
  } catch {
    return "crashed";
  }
};
const written = (outputs: readonly Output[] | "crashed"): string =>
  JSON.stringify(outputs, (_, v: unknown) => (v instanceof Uint8Array ? hex(v) : v));

const cases = protocols.flatMap((protocol) =>
  protocol.roles.map((role) => [protocol.name, role.name, protocol, role] as const),
);
const anything = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 6 }));

describe.each(cases)("%s, %s", (_name, _role, protocol, role) => {
  const transport = transportOf(protocol);
  const arrival = (bytes: Uint8Array, from = "mallory:6666"): Input =>
    transport.connected
      ? { kind: "chunk", bytes: bytes.slice(), from }
      : { kind: "datagram", bytes: bytes.slice(), from };
  const opening: readonly Input[] = transport.connected
    ? [{ kind: "start" }, { kind: "connected", peer: "mallory:6666" }]
    : [{ kind: "start" }];
  const fresh = (seed: string): Endpoint => {
    const endpoint = open(protocol, role, seed);
    for (const input of opening) feed(endpoint, input, 0);
    return endpoint;
  };

  test("the same start, whatever was opened before", () => {
    const start = (seed: string) =>
      opening.map((input) => written(feed(open(protocol, role, seed), input, 0)));
    expect(start("a")).toEqual(start("a"));
  });

  test("any bytes at any time: outputs of the agreed kinds, and known reasons", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (packets) => {
        const endpoint = fresh("hostile");
        for (const [i, bytes] of packets.entries()) {
          const outputs = feed(endpoint, arrival(bytes), i + 1);
          if (outputs === "crashed") return;
          expect(Array.isArray(outputs)).toBe(true);
          for (const output of outputs) {
            if (output.kind === "reject") expect(rejectReasons).toContain(output.reason);
            if (output.kind === "transmit") expect(output.bytes).toBeInstanceOf(Uint8Array);
            if (output.kind === "exit") return;
          }
          const size = endpoint.stateSize?.() ?? 0;
          expect(Number.isInteger(size) && size >= 0).toBe(true);
          const deadline = endpoint.deadline?.() ?? 0;
          expect(Number.isNaN(deadline)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.runIf(transport.keepsMessages)("what is rejected changes nothing that comes later", () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 1, maxLength: 5 }), anything, (junk, next) => {
        const [disturbed, calm] = [fresh("same"), fresh("same")];
        for (const bytes of junk) {
          const outputs = feed(disturbed, arrival(bytes), 1);
          if (outputs === "crashed" || outputs.length === 0) return;
          if (!outputs.every((o) => o.kind === "reject")) return;
        }
        expect(disturbed.deadline?.()).toBe(calm.deadline?.());
        expect(disturbed.stateSize?.()).toBe(calm.stateSize?.());
        const later = (e: Endpoint) => written(feed(e, arrival(next, "alice:40000"), 2));
        expect(later(disturbed)).toBe(later(calm));
      }),
      { numRuns: 60 },
    );
  });
});
