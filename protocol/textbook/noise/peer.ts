/**
 * Who is at the other end, as far as it is known. The initiator knows whom it means to talk to. The
 * responder goes by the initiator's static key. Where that is known beforehand, the address says
 * whose to expect; where there is none, the peer stays anonymous.
 */
import { type Address, type Env, MisuseError, type Principal } from "../../endpoint.ts";
import type { Part } from "../end.ts";
import { keyOf } from "../party.ts";
import { otherPart, transmits } from "./parse-pattern.ts";
import { isOf, ownerOf, pskOf, type Setting } from "./setting.ts";

const hostOf = (address: Address): Principal => address.slice(0, address.lastIndexOf(":"));

export class Peer {
  readonly #env: Env;
  readonly #setting: Setting;
  readonly #statics: Setting["statics"][Part];
  readonly #isKnown: boolean;
  readonly #sends: boolean;
  readonly #meant: Principal | undefined;
  #name: Principal | undefined;
  #host: Principal = "";

  /** @param part this end's own. @throws MisuseError if an initiator has no peer. */
  constructor(env: Env, part: Part, setting: Setting) {
    const other = otherPart(part);
    this.#env = env;
    this.#setting = setting;
    this.#statics = setting.statics[other];
    this.#isKnown = setting.pattern.known[other];
    this.#sends = transmits(setting.pattern, other);
    this.#meant = part === "initiator" ? env.peer : undefined;
    if (part === "initiator" && env.peer === undefined)
      throw new MisuseError("an initiator needs a peer");
    this.#name = this.#meant;
  }

  /** Whose static key, if any, stands or will stand for this peer; absent for the anonymous. */
  get name(): Principal | undefined {
    return this.#name;
  }

  /** Whom the application is told: of an anonymous peer, only where it seems to be. */
  get shownName(): Principal {
    return this.#name ?? this.#host;
  }

  /** The initiator begins. @returns the static key to expect, if it is known beforehand. */
  expected(): Uint8Array | undefined {
    return this.#isKnown ? keyOf(this.#statics, this.#meant).publicKey : undefined;
  }

  /**
   * Something comes from there.
   * @returns the static key to expect, if it is known beforehand; or that it should be, and is not.
   */
  comesFrom(address: Address): Uint8Array | undefined | "unknown-peer" {
    this.#host = hostOf(address);
    if (!this.#isKnown) return undefined;
    const name = this.#meant ?? this.#host;
    if (!this.#statics.has(name) || name === this.#env.self) return "unknown-peer";
    this.#name = name;
    return keyOf(this.#statics, name).publicKey;
  }

  /**
   * @param key the static key that the handshake has for the other end by now.
   * @returns false if it is not that of a peer to talk to.
   */
  meet(key: Uint8Array | undefined): boolean {
    if (key === undefined || !this.#sends) return true;
    const name = this.#holderOf(key);
    if (name !== undefined) this.#name = name;
    return name !== undefined;
  }

  psk(key: Uint8Array | undefined): Uint8Array | undefined {
    const name = key === undefined ? this.#name : this.#holderOf(key);
    return name === undefined ? undefined : pskOf(this.#setting, this.#env.self, name);
  }

  #holderOf(key: Uint8Array): Principal | undefined {
    if (this.#meant !== undefined) return this.#isMeant(this.#meant, key) ? this.#meant : undefined;
    if (!this.#setting.checksStatics) return this.#host;
    const owner = ownerOf(this.#statics, key);
    return owner === this.#env.self ? undefined : owner;
  }

  #isMeant(meant: Principal, key: Uint8Array): boolean {
    return !this.#setting.checksStatics || isOf(this.#env.crypto, this.#statics, meant, key);
  }
}
