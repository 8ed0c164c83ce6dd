/** One installation of a protocol: who takes part, with which keys and stores. */
import {
  type Address,
  type Deployment,
  type Endpoint,
  type Env,
  InvariantError,
  type OptionValues,
  type Principal,
  type Protocol,
  type Role,
  type RoleSpec,
  type Store,
} from "../endpoint.ts";
import { concat } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import type { OpRecord } from "../kit/operations.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";

export interface InstallationSettings {
  readonly protocol: Protocol;
  /** Where they are not the defaults. */
  readonly options?: OptionValues | undefined;
  /** Where those of one role are not those of the others. */
  readonly optionsOf?: Readonly<Record<Role, OptionValues>> | undefined;
  /** Principals beside those that the roles name. */
  readonly others?: readonly Principal[] | undefined;
  /** When stores may be asked for; at other times to ask for one fails the test. */
  readonly stores?: "always" | "at-deployment" | "never";
  /** Another one gives other keys. */
  readonly seed?: string | undefined;
}

/** What is not as the protocol says it. */
export interface OpenSettings {
  readonly role?: Role;
  readonly self?: Principal;
  readonly peer?: Principal;
  /** Replaces the randomness and the primitives. */
  readonly crypto?: CryptoKit;
  /** What the randomness depends on, besides the seed: the next process draws differently. */
  readonly process?: string;
}

export const hostOf = (address: Address): string => address.split(":", 1)[0] as string;

export const defaultsOf = (protocol: Protocol): OptionValues =>
  Object.fromEntries(Object.entries(protocol.options ?? {}).map(([k, { default: d }]) => [k, d]));

/** A record of operations that keeps none: floods are long. */
const forgetful = (): OpRecord[] => Object.assign([], { push: () => 0 });

export class Installation {
  readonly #settings: InstallationSettings;
  readonly #random: Random;
  readonly #roles = new Map<Address, Role>();
  readonly #files = new Map<string, Uint8Array>();
  readonly #deployments = new Map<Role | undefined, Deployment>();

  constructor(settings: InstallationSettings) {
    this.#settings = settings;
    this.#random = new Random(settings.seed ?? "seed");
    // Keys are dealt alike, whatever the options are that have nothing to do with them.
    for (const role of [undefined, ...Object.keys(settings.optionsOf ?? {})]) {
      this.#deployments.set(role, this.#deploy(role));
    }
  }

  #deploy(role: Role | undefined): Deployment {
    const { protocol, optionsOf, others = [], stores } = this.#settings;
    const options = role === undefined ? this.#settings.options : optionsOf?.[role];
    return protocol.deploy({
      crypto: this.crypto("deployment"),
      options: { ...defaultsOf(protocol), ...options },
      principals: [...protocol.roles.flatMap((r) => r.principals), ...others],
      store: (principal, name) => this.#storeIf(stores !== "never", principal, name),
    });
  }

  /** The same label gives the same draws. */
  crypto(label: string): CryptoRecorder {
    return new CryptoRecorder(forgetful(), this.#random.fork(label), label);
  }

  store(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const read = (): Uint8Array => this.#files.get(key) ?? new Uint8Array(0);
    return {
      read,
      write: (bytes) => void this.#files.set(key, bytes),
      append: (bytes) => void this.#files.set(key, concat(read(), bytes)),
    };
  }
  #storeIf(isAllowed: boolean, principal: Principal, name: string): Store {
    const { protocol } = this.#settings;
    if (!isAllowed) throw new InvariantError(`${protocol.name} is not to store anything now`);
    return this.store(principal, name);
  }

  /** Names of what was written, as `principal/name`. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }

  get deployment(): Deployment {
    return this.#deployments.get(undefined) as Deployment;
  }

  open(address: Address, about: OpenSettings = {}): Endpoint {
    if (about.role !== undefined) this.#roles.set(address, about.role);
    const { name: role } = this.roleAt(address);
    const self = about.self ?? hostOf(address);
    const peerAddress = this.peerOf(address);
    const peer = about.peer ?? (peerAddress === undefined ? undefined : hostOf(peerAddress));
    const env: Env = {
      self,
      role,
      address,
      crypto: about.crypto ?? this.crypto(about.process ?? address),
      store: (name) => this.#storeIf((this.#settings.stores ?? "always") === "always", self, name),
      ...(peer !== undefined && { peer }),
      ...(peerAddress !== undefined && { peerAddress }),
    };
    return (this.#deployments.get(role) ?? this.deployment).open(role, env);
  }

  /**
   * The role it was opened in, or else the one that has this host for a principal; other hosts are
   * in the first role that has a peer.
   */
  roleAt(address: Address): RoleSpec {
    const { roles } = this.#settings.protocol;
    const name = this.#roles.get(address);
    const found =
      name === undefined
        ? (roles.find((r) => r.principals.includes(hostOf(address))) ?? roles.find((r) => r.peer))
        : roles.find((r) => r.name === name);
    if (found === undefined) throw new Error(`there is no role for ${address}`);
    return found;
  }

  /** Where the service is reached that an end at this address talks to. */
  peerOf(address: Address): Address | undefined {
    const { peer } = this.roleAt(address);
    const found = this.#settings.protocol.roles.find((r) => r.name === peer);
    return found?.port === undefined ? undefined : `${found.principals[0]}:${found.port}`;
  }
}
