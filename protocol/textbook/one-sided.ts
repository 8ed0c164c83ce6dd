/**
 * Requests and responses over a channel of which only one end has a name, as between a browser and
 * a web server (TLS 1.3 without client certificates, RFC 8446 §2, much simplified). Every request
 * has a connection, and a handshake, of its own.
 *
 * ```
 * 1  C → S   1 ‖ X                                   X = g^x, 32 bytes
 * 2  S → C   2 ‖ Y ‖ SigS(X, Y, S)                   K = HKDF-Extract(g^xy; X, Y, S)
 * 3  C → S   record(request)
 * 4  S → C   record(response)                        then the client closes
 * ```
 *
 * Aims: the client knows the server, requests and responses are secret, also later, and arrive
 * unchanged and once; a response belongs to its request. The server knows nobody, and does not
 * claim to: anyone may ask, the adversary too, and all that the server can say of a request is that
 * it is what its own peer in that connection has sent.
 *
 * Known weaknesses: none within its aims, until the client stops looking at the signature
 * (`signature=ignored`): then whoever is in the middle is its server.
 */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  OutputBody,
  Principal,
  Protocol,
} from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { message, pack, readMessage } from "./fields.ts";
import { claimsOf, keyOf, present, transmit } from "./party.ts";
import { directionKeys, Records, recordClaims } from "./records.ts";

const pointBytes = 32;
const signatureBytes = 64;
/** Connections without a request; the oldest one goes. */
const mostOpen = 16;
const silenceMs: Millis = 10_000;

const signed = (x: Uint8Array, y: Uint8Array, server: Principal): Uint8Array =>
  pack(utf8("one-sided"), x, y, utf8(server));

interface Channel {
  readonly key: Uint8Array;
  readonly records: Records;
}

/** @param peer absent for the server, whose peer has no name. */
function channelOf(
  crypto: CryptoKit,
  shared: Uint8Array,
  transcript: Uint8Array,
  peer?: Principal,
): Channel {
  const key = crypto.hkdfExtract("sha256", shared, transcript);
  const { toInitiator, toResponder } = directionKeys(crypto, key);
  const [send, receive] =
    peer === undefined ? [toInitiator, toResponder] : [toResponder, toInitiator];
  return { key, records: new Records({ crypto, peer, send, receive }) };
}

class Client implements Endpoint {
  readonly #env: Env;
  readonly #server: Principal;
  /** The server's, if the client looks at it. */
  readonly #publicKey: Uint8Array | undefined;
  #pair: KeyPair | undefined;
  #channel: Channel | undefined;
  /** The request that has no response yet. */
  #request: Uint8Array | undefined;
  /** It has closed the connection itself, and has not been told yet that it is closed. */
  #isClosing = false;
  #lastMs: Millis = 0;

  constructor(env: Env, publicKey: Uint8Array | undefined) {
    this.#env = env;
    this.#server = env.peer ?? "";
    this.#publicKey = publicKey;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "timeout") return [{ kind: "exit", ok: this.#request === undefined }];
    const isOurs = !("from" in input) || input.from === this.#env.peerAddress;
    const outputs = isOurs ? this.#outputs(input) : [];
    if (input.kind === "start" || outputs.some((o) => o.kind !== "reject")) this.#lastMs = now;
    return outputs;
  }

  deadline(): Millis {
    return this.#lastMs + silenceMs;
  }

  #outputs(input: Input): readonly Output[] {
    switch (input.kind) {
      case "connected":
        if (input.peer !== this.#env.peerAddress) return [];
        this.#pair = this.#env.crypto.keyPair("x25519");
        return [transmit(message(1, this.#pair.publicKey))];
      case "send":
        this.#request = input.message;
        return this.#channel?.records.transmit(input.message) ?? [{ kind: "connect" }];
      case "chunk":
        return this.#channel === undefined
          ? this.#handshake(input.bytes)
          : this.#response(input.bytes, this.#channel);
      case "closed":
        return input.peer === this.#env.peerAddress ? this.#closed() : [];
      default:
        return [];
    }
  }

  /** A request whose response has not come may have been carried out: it is not sent again. */
  #closed(): readonly OutputBody[] {
    const isOwn = this.#isClosing;
    this.#isClosing = false;
    if (isOwn) return [];
    const request = this.#request;
    this.#forget();
    const lost = request === undefined ? [] : [{ kind: "give-up", message: request } as const];
    return [...lost, { kind: "ready", messages: 1 }];
  }

  #forget(): void {
    this.#channel = undefined;
    this.#pair = undefined;
    this.#request = undefined;
  }

  #handshake(bytes: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.#env;
    const server = this.#server;
    const fields = readMessage(bytes, 2, pointBytes, signatureBytes);
    if (fields === undefined || this.#pair === undefined) {
      return [{ kind: "reject", reason: "malformed" }];
    }
    const [y, signature] = fields;
    const { publicKey: x, privateKey } = this.#pair;
    const transcript = signed(x, y, server);
    const expected = this.#publicKey;
    if (expected !== undefined && !crypto.verify(expected, transcript, signature)) {
      return [{ kind: "reject", reason: "bad-signature" }];
    }
    const shared = crypto.sharedSecret("x25519", privateKey, y);
    if (shared === undefined) return [{ kind: "reject", reason: "bad-key" }];
    this.#channel = channelOf(crypto, shared, transcript, server);
    const { key, records } = this.#channel;
    return [
      { kind: "claim", claim: { kind: "commit", peer: server, agreed: key } },
      { kind: "claim", claim: { kind: "secret", peer: server, value: key } },
      ...(this.#request === undefined
        ? [{ kind: "ready", messages: 1 } as const]
        : records.transmit(this.#request)),
    ];
  }

  #response(bytes: Uint8Array, { records }: Channel): readonly OutputBody[] {
    const request = this.#request;
    if (request === undefined) return [{ kind: "reject", reason: "unexpected" }];
    const response = records.deliver(bytes);
    if (typeof response === "string") return [{ kind: "reject", reason: response }];
    this.#forget();
    this.#isClosing = true;
    return [
      { kind: "confirm", message: request },
      ...response,
      { kind: "close" },
      { kind: "ready", messages: 1 },
    ];
  }
}

/** A connection of the server's. */
interface Served {
  readonly channel: Channel;
  /** What was asked in it, once: "asked" until the response is sent. */
  state: "open" | "asked" | "answered";
}

class Server implements Endpoint {
  readonly #env: Env;
  readonly #privateKey: Uint8Array;
  readonly #connections = new Map<Address, Served>();

  constructor(env: Env, privateKey: Uint8Array) {
    this.#env = env;
    this.#privateKey = privateKey;
  }

  handle(input: Input): readonly Output[] {
    switch (input.kind) {
      case "connected":
      case "closed":
        this.#connections.delete(input.peer);
        return [];
      case "chunk": {
        const served = this.#connections.get(input.from);
        return served === undefined
          ? this.#handshake(input.bytes, input.from)
          : this.#request(input.bytes, served);
      }
      case "send":
        return this.#respond(input.message, input.session ?? "");
      default:
        return [];
    }
  }

  stateSize(): number {
    return [...this.#connections.values()].filter((c) => c.state === "open").length;
  }

  #handshake(bytes: Uint8Array, from: Address): readonly Output[] {
    const { crypto, self } = this.#env;
    const x = readMessage(bytes, 1, pointBytes)?.[0];
    if (x === undefined) return [{ kind: "reject", reason: "malformed" }];
    const { publicKey: y, privateKey } = crypto.keyPair("x25519");
    const shared = crypto.sharedSecret("x25519", privateKey, x);
    if (shared === undefined) return [{ kind: "reject", reason: "bad-key" }];
    const transcript = signed(x, y, self);
    const channel = channelOf(crypto, shared, transcript);
    const oldest = this.stateSize() < mostOpen ? undefined : this.#oldestOpen();
    if (oldest !== undefined) this.#connections.delete(oldest);
    this.#connections.set(from, { channel, state: "open" });
    return [
      ...(oldest === undefined ? [] : [{ kind: "close", to: oldest } as const]),
      { kind: "claim", claim: { kind: "running", agreed: channel.key } },
      {
        kind: "transmit",
        bytes: message(2, y, crypto.sign(this.#privateKey, transcript)),
        to: from,
      },
    ];
  }

  #oldestOpen(): Address | undefined {
    return [...this.#connections].find(([, { state }]) => state === "open")?.[0];
  }

  #request(bytes: Uint8Array, served: Served): readonly Output[] {
    if (served.state !== "open") return [{ kind: "reject", reason: "unexpected" }];
    const { key, records } = served.channel;
    const request = records.deliver(bytes);
    if (typeof request === "string") return [{ kind: "reject", reason: request }];
    served.state = "asked";
    return [
      { kind: "claim", claim: { kind: "secret", value: key } },
      ...request,
      { kind: "ready", messages: 1 },
    ];
  }

  #respond(response: Uint8Array, to: Address): readonly Output[] {
    const served = this.#connections.get(to);
    if (served?.state !== "asked") return [{ kind: "give-up", message: response, session: to }];
    served.state = "answered";
    return [{ kind: "transmit", bytes: served.channel.records.seal(response), to, session: to }];
  }
}

export const oneSided: Protocol = {
  name: "one-sided",
  title: "Requests of nameless clients, as on the web",
  flow: `
C → S: X                                       X = g^x, Y = g^y
S → C: Y, SigS(X, Y, S)                        K = Extract(g^xy; X, Y, S)
C → S: counter, {request}K1                    K1, K2 = Expand(K)
S → C: counter, {response}K2
`.trim(),
  transport: "messages",
  roles: [
    { name: "client", principals: ["alice"], process: "session", peer: "server" },
    { name: "server", principals: ["bob"], process: "service", port: 4430 },
  ],
  options: {
    signature: {
      default: "verified",
      values: ["verified", "ignored"],
      about: "ignored: the client takes anybody for its server",
      weakens: {
        ignored: [
          "server-authentication",
          "key-secrecy",
          "confidentiality",
          "integrity",
          "origin",
          "honest-acknowledgement",
        ],
      },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    origin: "Responses come under the key of the server that has signed.",
    "replay-across-sessions": "Both ends bring a fresh half for each request.",
    "server-authentication": "The server signs both halves and its name.",
    "key-secrecy": "The server's half is signed.",
    "forward-secrecy": "The signing key does not help to compute the key of a connection.",
    "honest-acknowledgement": "A response proves that the request has arrived.",
  }),
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "no text is signed",
  },
  deploy({ crypto, options, principals }) {
    // Clients have no keys.
    const keys = new Map(
      principals.filter((p) => p !== "alice").map((p) => [p, crypto.signingKeyPair()]),
    );
    return {
      open(role, env) {
        if (role === "server") return new Server(env, keyOf(keys, env.self).privateKey);
        const { publicKey } = keyOf(keys, env.peer);
        return new Client(env, options.signature === "ignored" ? undefined : publicKey);
      },
      longTermSecrets: (principal) => present(keys.get(principal)?.privateKey),
      publicValues: [...keys.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("client", "what does the forecast say", "and what about the weekend"),
          ...say("server", "rain until six in the evening", "sunshine on both of the days"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("client", "is the harbour open today"),
          ...say("server", "the harbour is closed for repairs"),
        ],
      },
    ],
  }),
};
