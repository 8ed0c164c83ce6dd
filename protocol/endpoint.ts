/**
 * What a protocol is, to this lab. Read this file first.
 *
 * A protocol is code that is fed events and the virtual time and answers with values. It owns no
 * socket, no clock and no randomness of its own, so a whole run is a pure function and can be
 * repeated, searched and shrunk. Nobody writes a model of it: the lab derives what an attacker can
 * know from the bytes the code moves and from the cryptography it performs through {@link Env}.
 *
 * To put a protocol of your own under test, export a {@link Protocol} from a TypeScript file and
 * name that file: `mallory matrix ./my-protocol.ts`.
 */
import type { CryptoKit } from "./kit/crypto.ts";
import type { TransportName } from "./transport.ts";

/** Virtual time in milliseconds since the run began. */
export type Millis = number;

/** What part an endpoint plays: `client`, `server`, `relay`, … as the protocol names it. */
export type Role = string;

/** Who acts: `alice`, `bob`, … A principal may play several roles and run several processes. */
export type Principal = string;

/**
 * Where bytes come from or go to, written `host:port`. The host is a principal's name, so nobody
 * may mistake it for an identity: on a network it can be spoofed.
 */
export type Address = string;

/** The address that reaches every process listening on `port` (without connections only). */
export const broadcast = (port: number): Address => `*:${port}`;

/** What happens to an endpoint. */
export type Input =
  /** The process starts. The first input of every endpoint. */
  | { readonly kind: "start" }
  /** The application hands over a message; comes only after the endpoint said `ready`. */
  | {
      readonly kind: "send";
      readonly message: Uint8Array;
      /** For whom, where the endpoint has more than one peer. */
      readonly to?: Principal;
      /** Instead of `to`: for whom, where it is for several; a copy is owed to each of them. */
      readonly toAll?: readonly Principal[];
      /** In which of its sessions a service sends: the label it gave with `ready`. */
      readonly session?: string;
    }
  /** A datagram arrives. Untrusted, and so is `from`: a source address can be spoofed. */
  | { readonly kind: "datagram"; readonly bytes: Uint8Array; readonly from: Address }
  /** A connection to or from `peer` is open (on transports that have them). */
  | { readonly kind: "connected"; readonly peer: Address }
  /**
   * Bytes arrive on a connection. Untrusted. On `messages` each chunk is what one `transmit` sent,
   * whole and by itself; on a `stream` chunk boundaries are not message boundaries.
   */
  | { readonly kind: "chunk"; readonly bytes: Uint8Array; readonly from: Address }
  /** The connection with `peer` is gone. */
  | { readonly kind: "closed"; readonly peer: Address }
  /** Beside the network, a second late: unaltered, and unread by others unless it is public. */
  | { readonly kind: "shown"; readonly value: Uint8Array; readonly from: Principal }
  /** The time that {@link Endpoint.deadline} named has come. */
  | { readonly kind: "timeout" };

/**
 * What kind of thing an application hands over or receives. `message` is user data. `login` is a
 * user name, a password or a login result: it counts for replay, ordering and origin like any
 * other accepted input, but it is not a message that has to be delivered.
 */
export type Purpose = "message" | "login";

/**
 * A statement an endpoint makes for the judges (Lowe, "A Hierarchy of Authentication
 * Specifications", CSFW 1997). It is not sent anywhere and changes nothing in the run. Claims hold
 * from their place among the outputs of one `handle`: `running` goes before the packet that it is
 * said before, and what this end transmits after its `secret` is data, and no handshake.
 */
export type Claim =
  /**
   * "I am running the protocol with `peer`, and I mean to agree on `agreed`." Said before the last
   * message that the peer's commitment rests on, by whoever knows the peer's name by then.
   *
   * Without `peer`: "with whoever shares `agreed`", for those who learn the name only later, as a
   * responder does whose initiator stays anonymous until its last message. Such a run supports a
   * commitment to exactly the same `agreed`, and shows no more than aliveness to any other; so
   * `agreed` should be fresh and depend on both ends. Once the name is known, a second `running`
   * says it: the two are one run, and from then on it is a run with that peer only.
   */
  | { readonly kind: "running"; readonly peer?: Principal; readonly agreed?: Uint8Array }
  /**
   * "I have finished and believe that `peer` is at the other end, agreeing on `agreed`." The peer's
   * `running` has to say the same `agreed`, or its session key has to be just that, and it has to
   * be said in a role that can be at the other end of this one. Without `agreed`, any run of the
   * peer with this principal will do, each for one commitment: nobody will see that the two
   * disagree, and a `running` without `peer` does not count.
   */
  | { readonly kind: "commit"; readonly peer: Principal; readonly agreed?: Uint8Array }
  /**
   * "`value` is my session key with `peer`, and it is secret." Also ends the handshake here. Once
   * per key: ends that claim the same value pass for the two ends of one session. Where there are
   * several keys, both ends claim them in the same order, since the last ones are compared.
   * In a role that commits, a key is judged only beside a `commit` to the same peer.
   *
   * Without `peer`: the other end stays anonymous, as a web server's clients do. Then the key is
   * judged, and so is what is accepted or said under it, where an honest end claims the same one;
   * where none does, the attacker is the anonymous peer, which is its good right.
   */
  | { readonly kind: "secret"; readonly peer?: Principal; readonly value: Uint8Array }
  /** "`bytes` prove to a third party that `peer` sent `message`." */
  | {
      readonly kind: "evidence";
      readonly peer: Principal;
      readonly message: Uint8Array;
      readonly bytes: Uint8Array;
    };

/** Why an endpoint discarded an input. A closed list, so that reports and tests can count. */
export const rejectReasons = [
  "malformed",
  "unexpected",
  "bad-tag",
  "bad-signature",
  "bad-key",
  "replayed",
  "stale",
  "unknown-peer",
  "unauthorized",
  "busy",
  "too-long",
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/**
 * What an endpoint answers. `session` labels the output where one process serves several
 * sessions; without it the label is the address the handled input came from, or, for an input
 * that has none, the session that it names, or the only one there is.
 */
export type Output = OutputBody & { readonly session?: string };
export type OutputBody =
  /** Sends bytes. Without `to`: to the peer (client), or to where this input came from. */
  | { readonly kind: "transmit"; readonly bytes: Uint8Array; readonly to?: Address }
  /** From now on the application may send; `messages` says how many more (default: any number). */
  | { readonly kind: "ready"; readonly messages?: number }
  /** The endpoint itself hands over something that its user supplied, such as a password. */
  | { readonly kind: "submit"; readonly message: Uint8Array; readonly purpose: Purpose }
  /**
   * The application receives `message`, attributed to `from`: the endpoint accepts it. Without
   * `from` it is attributed to nobody but the session's own peer, which stays anonymous: to the end
   * that holds the same key, or else to where the input came from.
   */
  | {
      readonly kind: "deliver";
      readonly message: Uint8Array;
      readonly from?: Principal;
      readonly purpose?: Purpose;
    }
  /** The application is told that its `message` was delivered. */
  | { readonly kind: "confirm"; readonly message: Uint8Array }
  /** The application is told that the fate of its `message` is not known. */
  | { readonly kind: "give-up"; readonly message: Uint8Array }
  | { readonly kind: "claim"; readonly claim: Claim }
  /** The input is discarded; the state is as it was. */
  | { readonly kind: "reject"; readonly reason: RejectReason }
  /**
   * The application is told that `from` has said all that it had to say in this session. A process
   * that exits with `ok: true` when its connection is closed says the same of its peer.
   */
  | { readonly kind: "end"; readonly from: Principal }
  /** One line of the program's log or console. */
  | { readonly kind: "log"; readonly line: string }
  /** The user is warned of an attack. */
  | { readonly kind: "alarm"; readonly text: string }
  /** The input made code run that its sender chose (unsafe deserialisation and the like). */
  | { readonly kind: "ran-code"; readonly code: string }
  /** The best algorithms both ends could have chosen were agreed as `suite`. */
  | { readonly kind: "negotiated"; readonly suite: string; readonly best: string }
  /** Out of band, `to`'s user is shown a fingerprint, a QR code, digits; see `shown`. */
  | {
      readonly kind: "show";
      readonly value: Uint8Array;
      readonly to: Principal;
      readonly isPublic?: true;
    }
  /** Closes the connection with `to` (default: with the peer). */
  | { readonly kind: "close"; readonly to?: Address }
  /**
   * Opens a connection with `to` (default: with the peer), on transports that have them; where one
   * is open it is closed before. The first one of a role that has a peer opens by itself. So a
   * client makes each request on a connection of its own: `close`, and later `connect`.
   */
  | { readonly kind: "connect"; readonly to?: Address }
  /**
   * The process ends. `ok: false` says that it gave up, and `because`, in half a sentence, why:
   * verdicts and replays quote it ("client#0 gave up: …"). It changes nothing else.
   */
  | { readonly kind: "exit"; readonly ok: boolean; readonly because?: string };

/**
 * One running process: a client in its one session, or a server with all of its sessions.
 * Untrusted bytes must not make `handle` throw; where they do, this is the protocol's own
 * flaw, and the lab records that the process crashed.
 */
export interface Endpoint {
  handle(input: Input, now: Millis): readonly Output[];
  /** When to call `handle` with `timeout`; `undefined` for never. */
  deadline?(): Millis | undefined;
  /** How many entries (half-open sessions, cache lines, queue slots) are kept for strangers. */
  stateSize?(): number;
}

/** What went wrong here, and not on the network: for protocols to throw. */
export { InvariantError, MisuseError } from "./kit/errors.ts";

/** What a principal writes to disk: a user database, a log file. Read back, or disclosed. */
export interface Store {
  read(): Uint8Array;
  write(bytes: Uint8Array): void;
  append(bytes: Uint8Array): void;
}

/** Everything an endpoint may reach outside itself. */
export interface Env {
  readonly self: Principal;
  readonly role: Role;
  /** Whom this process was started to talk to; absent for a server that takes all comers. */
  readonly peer?: Principal;
  /** This process's own address. */
  readonly address: Address;
  /** Where the peer is reached, for a process that has one. */
  readonly peerAddress?: Address;
  /**
   * Recorded cryptography, with the randomness of this process. Text encodings of secrets go
   * through its `encode` and `decode` too, and comparisons with secrets through `equal`: the lab
   * deduces what the attacker can know, or test a guess against, from what is recorded here.
   * The encodings and comparisons of kit/bytes.ts are for constants, logs and tests. JSON with
   * secrets in it is written and read by kit/structures.ts.
   */
  readonly crypto: CryptoKit;
  store(name: string): Store;
}

/** The value of one option: options are written `name?option=value&…` and are always text. */
export interface OptionSpec {
  readonly default: string;
  /** The values allowed, the default among them. */
  readonly values: readonly string[];
  readonly about: string;
  /** Set where a value switches off a defence: the guarantees that the defence carries. */
  readonly weakens?: Readonly<Record<string, readonly string[]>>;
}
/**
 * Besides switching defences off, options hold whatever an attacker may set otherwise: it plays
 * each role with every other value of each option, too. So code that it may run and others would
 * not (an `alg` that is `none`, say) is an option that `deploy` reads.
 */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValues = Readonly<Record<string, string>>;

export interface RoleSpec {
  readonly name: Role;
  /** Who plays it by default. Several principals: one process each, in this order. */
  readonly principals: readonly Principal[];
  /**
   * `session`: a new process for each session. `service`: one process serves them all; it is
   * started first, and again (by its operator) when it has exited or crashed.
   */
  readonly process: "session" | "service";
  /** Listening port; roles without one get a fresh port per process. */
  readonly port?: number;
  /** Which role this one talks to; absent where it only answers. */
  readonly peer?: Role;
  /** Longer datagrams are cut to this many bytes on receipt, silently, as `recvfrom` does. */
  readonly receiveBufferBytes?: number;
}

/** Messages of one session, in order. */
export interface PlannedMessage {
  /** A role, which means the first of its principals; or one of its principals, by name. */
  readonly from: Role | Principal;
  readonly message: Uint8Array;
  /**
   * Several for a group. Members who join or leave are in the lists of their time only: whoever is
   * not in the list of a message must not get it, and does not have to be shown it.
   */
  readonly to?: Principal | readonly Principal[];
  /** Said only once so many messages have been delivered to its speaker in this session. */
  readonly afterHearing?: number;
  /** It steers the program (“remove carol”): the lab never has other words said in its place. */
  readonly isCommand?: true;
  /** How long the user thinks before it; without it, as {@link Workload} says. */
  readonly pauseMs?: Millis;
}

/** A service fails and comes back: what it held in memory and its connections are lost. */
export interface PlannedRestart {
  /** A role whose process is a service. Its stores stay as they are. */
  readonly role: Role;
  /** How long after the start of the session; 0: before anybody else starts. */
  readonly afterMs: Millis;
}

/** One session of the workload. */
export interface PlannedSession {
  /** When its client starts. `after-previous`: once the sessions before have come to rest. */
  readonly start: Millis | "after-previous";
  /** Empty where nobody has anything to say: the session is opened, and that is all. */
  readonly messages: readonly PlannedMessage[];
  /** Clients need none: each session has new ones, and nothing but stores is kept between them. */
  readonly restarts?: readonly PlannedRestart[];
  /**
   * Who plays which role in this session, where it is not the default. A new name is one more
   * principal to deal keys to. For a service it is a second one, at an address of its own; and
   * `mallory` is the attacker, whom the others then call of their own accord.
   */
  readonly principals?: Readonly<Record<Role, Principal>>;
}
/**
 * What is never done cannot be attacked: plan several messages each way, more than one session,
 * and one that starts after every timer of the protocol has run out. A user types the first
 * message 20 ms after `ready` and the next ones 100 ms after each other; a packet takes 10 ms.
 */
export interface Workload {
  readonly sessions: readonly PlannedSession[];
  /** For users who type otherwise: how long after `ready`, and after each other. */
  readonly typing?: { readonly firstMs: Millis; readonly nextMs: Millis };
  /** In which order the principals of one role start in a session; default: as they are listed. */
  readonly opening?: "in-reverse";
}

/** A user name and password in use somewhere in a deployment. */
export interface Credential {
  readonly principal: Principal;
  readonly user: Uint8Array;
  readonly password: Uint8Array;
}

/** What {@link Protocol.deploy} may use. */
export interface DeployEnv {
  readonly crypto: CryptoKit;
  readonly options: OptionValues;
  /** Every principal of the run, the attacker `mallory` among them if the protocol registers. */
  readonly principals: readonly Principal[];
  /** The store of a principal, to be filled before the first process starts. */
  store(principal: Principal, name: string): Store;
}

/** One installation of a protocol, with its long-term keys dealt. */
export interface Deployment {
  /** Starts a process of `role`. */
  open(role: Role, env: Env): Endpoint;
  /** What a compromise of the principal reveals: private keys, pre-shared keys, passwords. */
  longTermSecrets(principal: Principal): readonly Uint8Array[];
  /** What the attacker knows from the start: public keys, published parameters. */
  readonly publicValues?: readonly Uint8Array[];
  readonly credentials?: readonly Credential[];
  /** Names, certificates and static public keys whose owner may wish to stay hidden. */
  readonly identities?: readonly Uint8Array[];
}

/** What the authors of a protocol say. */
export interface ProtocolClaim {
  /** Id of a guarantee, as `mallory list guarantees` prints it. */
  readonly guarantee: string;
  /** The claim in one's own words. */
  readonly says: string;
  /** Where it stands. */
  readonly where?: string;
}

export interface Protocol {
  readonly name: string;
  readonly title: string;
  /** Alice–Bob notation, one line per packet. */
  readonly flow: string;
  /** What carries its packets; transport.ts says what each of them does. */
  readonly transport: TransportName;
  readonly roles: readonly RoleSpec[];
  readonly options?: OptionSpecs;
  readonly claims: readonly ProtocolClaim[];
  /** Guarantees that make no sense here, each with the reason. */
  readonly notApplicable?: Readonly<Record<string, string>>;
  readonly limits?: {
    /** The largest datagram the authors allow, in bytes. */
    readonly datagramBytes?: number;
    /** The largest message the protocol undertakes to deliver, in bytes. */
    readonly messageBytes?: number;
  };
  /**
   * True where anyone may register as a user: then `mallory` is one, with keys to be dealt. For
   * others to call her, plan a session with `principals: { server: "mallory" }`.
   */
  readonly registration?: boolean;
  /** How long a run may last in virtual time before it is stopped (default: ten minutes). */
  readonly runLimitMs?: Millis;
  deploy(env: DeployEnv): Deployment;
  /**
   * The default workload. Without it, whoever asks says three things in each of two sessions, and
   * nobody says anything in return.
   */
  workload?(options: OptionValues): Workload;
}
