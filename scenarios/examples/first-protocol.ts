/** A first protocol to copy: a sensor sends readings with a MAC. Is that enough? */
import type { Endpoint, Env, Input, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";

const macBytes = 32;

class Sensor implements Endpoint {
  readonly env: Env;
  readonly key: Uint8Array;

  constructor(env: Env, key: Uint8Array) {
    this.env = env;
    this.key = key;
  }

  handle(input: Input): Output[] {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const mac = this.env.crypto.hmac("sha256", this.key, input.message);
    return [{ kind: "transmit", bytes: concat(mac, input.message) }];
  }
}

class Station implements Endpoint {
  readonly env: Env;
  readonly key: Uint8Array;

  constructor(env: Env, key: Uint8Array) {
    this.env = env;
    this.key = key;
  }

  handle(input: Input): Output[] {
    if (input.kind !== "datagram") return [];
    const [mac, message] = [input.bytes.slice(0, macBytes), input.bytes.slice(macBytes)];
    const expected = this.env.crypto.hmac("sha256", this.key, message);
    if (!this.env.crypto.equal(mac, expected)) return [{ kind: "reject", reason: "bad-tag" }];
    return [{ kind: "deliver", message, from: "alice" }];
  }
}

export const sensor: Protocol = {
  name: "sensor",
  title: "Readings with a MAC",
  flow: "A → B: HMAC(K, reading), reading",
  transport: "datagram",
  roles: [
    { name: "sensor", principals: ["alice"], process: "session", peer: "station" },
    { name: "station", principals: ["bob"], process: "service", port: 9000 },
  ],
  claims: [
    { guarantee: "integrity", says: "A MAC protects each reading." },
    { guarantee: "replay", says: "Nobody can forge a packet, so nobody can repeat one." },
  ],
  deploy({ crypto }) {
    const key = crypto.random(32);
    return {
      open: (role, env) => (role === "sensor" ? new Sensor(env, key) : new Station(env, key)),
      longTermSecrets: () => [key],
    };
  },
};
