/**
 * my-protocol: a sensor sends readings to a station, each with a MAC.
 *
 * A starting file: it runs as it is. Try it, see what breaks, and change it:
 *
 *     npx mallory matrix ./my-protocol.ts
 *
 * The types imported below explain every field, every input and every output.
 */
import { concat, type Endpoint, type Env, type Input, type Output, type Protocol } from "mallory";

/** HMAC-SHA-256, RFC 2104. */
const macBytes = 32;

/** The end that has something to say. An endpoint is given inputs, and answers with outputs. */
class Sensor implements Endpoint {
  readonly env: Env;
  readonly key: Uint8Array;

  constructor(env: Env, key: Uint8Array) {
    this.env = env;
    this.key = key;
  }

  handle(input: Input): readonly Output[] {
    // There is no handshake, so the application may send at once.
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    // Always through `env.crypto`: that is how the lab knows what an attacker could compute.
    const mac = this.env.crypto.hmac("sha256", this.key, input.message);
    return [{ kind: "transmit", bytes: concat(mac, input.message) }];
  }
}

/** The end that listens. What arrives may be anything at all, and must not make this throw. */
class Station implements Endpoint {
  readonly env: Env;
  readonly key: Uint8Array;

  constructor(env: Env, key: Uint8Array) {
    this.env = env;
    this.key = key;
  }

  handle(input: Input): readonly Output[] {
    if (input.kind !== "datagram") return [];
    const mac = input.bytes.slice(0, macBytes);
    const message = input.bytes.slice(macBytes);
    const expected = this.env.crypto.hmac("sha256", this.key, message);
    // What does not fit is discarded with a reason, and the state stays as it was.
    if (!this.env.crypto.equal(mac, expected)) return [{ kind: "reject", reason: "bad-tag" }];
    // `deliver` is what counts: the application now believes that alice said this.
    return [{ kind: "deliver", message, from: "alice" }];
  }
}

export const protocol: Protocol = {
  name: "my-protocol",
  title: "Readings with a MAC",
  flow: "A → B: HMAC(K, reading), reading",
  transport: "datagram",
  roles: [
    // One process for each session, and one that serves them all.
    { name: "sensor", principals: ["alice"], process: "session", peer: "station" },
    { name: "station", principals: ["bob"], process: "service", port: 9000 },
  ],
  // What you say about it. A claim that breaks is a failure; `mallory list guarantees` has all ids.
  claims: [
    { guarantee: "integrity", says: "A MAC protects each reading." },
    // Is that so? The matrix shows what a MAC alone does not do.
    { guarantee: "replay", says: "No packet can be forged, so none can be repeated." },
  ],
  /** Deals the long-term keys, once for each run, and opens the processes. */
  deploy({ crypto }) {
    const key = crypto.random(32);
    return {
      open: (role, env) => (role === "sensor" ? new Sensor(env, key) : new Station(env, key)),
      // What a thief of alice's or bob's device finds.
      longTermSecrets: () => [key],
    };
  },
};
