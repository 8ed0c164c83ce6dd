/** Honest parties who made a few values, a puppet with a test's code, and its adversary. */
import type { Input, Millis, Output } from "../../protocol/endpoint.ts";
import { concat, hex, text, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { HijackedRandom } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { IncrementalKnowledge } from "../knowledge/incremental-knowledge.ts";
import { Puppet } from "../puppet.ts";
import type { PuppetOptions } from "../puppet-options.ts";
import { Lab } from "./lab.ts";

export const iv12 = new Uint8Array(12);
export const iv16 = new Uint8Array(16);

/** What honest parties share, and what they made of it. */
export function honestValues(c: CryptoKit) {
  const [key, other, secret] = [c.random(32), c.random(32), c.random(24)];
  const signer = c.signingKeyPair();
  const rsa = c.rsaKeyPair(2048, 0);
  const made = {
    key,
    other,
    secret,
    /** `other` is recorded, so that it is a secret like any other. */
    digest: c.hash("sha256", other),
    sealed: c.seal("chacha20-poly1305", key, iv12, secret),
    encrypted: c.encrypt("aes-cbc", key, iv16, secret),
    wrapped: c.rsaEncrypt("sha256", rsa.publicKey, secret) ?? iv12,
    mac: c.hmac("sha256", key, utf8("m")),
    hexed: c.encode("hex", secret),
    private: signer.privateKey,
    public: signer.publicKey,
    signature: c.sign(signer.privateKey, utf8("signed by an honest party")),
    unwrapping: rsa.privateKey,
  };
  return made;
}
export type Made = ReturnType<typeof honestValues>;

/** What the code of a puppet does with an input; what it returns it sends. */
export type Code = (
  c: CryptoKit,
  made: Made,
  input: Extract<Input, { kind: "datagram" }>,
) => Uint8Array | readonly Output[] | undefined;

export interface Play {
  readonly code: Code;
  /** What it does before its first input. */
  readonly atOpen?: (c: CryptoKit, made: Made) => void;
  readonly deadline?: Millis;
  readonly options?: PuppetOptions;
  /** Inputs that an honest process had before it was forked; with texts in datagrams. */
  readonly past?: readonly string[];
}

export const datagram = (content: string): Extract<Input, { kind: "datagram" }> => ({
  kind: "datagram",
  bytes: utf8(content),
  from: "bob:7",
});

export class PuppetStage {
  readonly made: Made;
  readonly knowledge = new IncrementalKnowledge([]);
  /** The operations the puppet reported. */
  readonly told: OpRecord[] = [];
  /** Inputs that its code was given, again and again. */
  readonly handled: string[] = [];
  /** Did its code, when it last went through, return anything to send? */
  wants = false;
  /** Does its code throw when its time has come? */
  readonly timers = { fail: false };
  readonly puppet: Puppet;
  readonly #play: Play;

  constructor(play: Play) {
    this.#play = play;
    const lab = new Lab();
    this.made = honestValues(lab.crypto);
    const past = (play.past ?? []).map((content) => ({ input: datagram(content), now: 0 }));
    if (past.length > 0) {
      const honest = this.#endpoint(
        new CryptoRecorder(lab.log, new HijackedRandom("past", "", () => true), "bob"),
      );
      for (const { input } of past) withoutItsErrors(() => honest.handle(input));
    }
    for (const op of lab.log) this.knowledge.learnOperation(op);
    this.puppet = new Puppet(
      "puppet-a",
      (gate, isPast, seenAs = (kit) => kit) => {
        const random = new HijackedRandom("past", "own", isPast);
        return this.#endpoint(seenAs(new CryptoRecorder([], random, "puppet-a", gate)));
      },
      this.knowledge,
      (op) => this.#learn(op),
      { past, ...play.options },
    );
  }

  /** As the adversary of a run does: what it draws it knows. */
  #learn(op: OpRecord): void {
    this.told.push(op);
    this.knowledge.learnOperation(op);
    if (op.op === "random") this.knowledge.observe(op.output);
  }

  #endpoint(crypto: CryptoKit) {
    const { code, atOpen, deadline } = this.#play;
    atOpen?.(crypto, this.made);
    return {
      handle: (input: Input): readonly Output[] => {
        if (input.kind === "timeout" && this.timers.fail) throw new Error("too late");
        if (input.kind !== "datagram") return [];
        this.handled.push(text(input.bytes) ?? "");
        const outcome = code(crypto, this.made, input);
        this.wants = outcome !== undefined;
        const line: Output = { kind: "log", line: "done" };
        if (outcome === undefined) return [line];
        if (!(outcome instanceof Uint8Array)) return [line, ...outcome];
        return [line, { kind: "transmit", bytes: outcome }];
      },
      deadline: () => deadline,
    };
  }

  /** Values by their names, separated by spaces. */
  see(names: string): void {
    for (const name of names.split(" ")) {
      if (name !== "") this.knowledge.observe(this.made[name as keyof Made]);
    }
  }

  feed(content = "go"): readonly string[] {
    return this.puppet.feed(datagram(content), 1).map(outputShown);
  }

  advance(): readonly string[] {
    return this.puppet.advance(2).map(outputShown);
  }
}

/** Bytes as text where they are, and in hex otherwise. */
export function shown(bytes: Uint8Array): string {
  const content = text(bytes);
  return content === undefined || /[^ -~]/.test(content) ? hex(bytes) : content;
}

const outputShown = (output: Output): string => {
  if (output.kind === "log") return output.line;
  return output.kind === "transmit" ? shown(output.bytes) : output.kind;
};

function withoutItsErrors(body: () => void): void {
  try {
    body();
  } catch {
    // It is the code of a test, which throws on purpose.
  }
}

/** Eight digits of a MAC, or fewer, made by the protocol's own code. */
export function digitsOf(mac: Uint8Array, count = 8): Uint8Array {
  const number = new DataView(mac.buffer, mac.byteOffset).getUint32(0) % 10 ** count;
  return concat(utf8("code "), utf8(String(number).padStart(count, "0")));
}
