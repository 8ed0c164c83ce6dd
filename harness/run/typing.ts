/** What users type at the attacker's wish, and what the attacker types as a user. */
import { type Move, packetKey } from "../../attacker/move.ts";
import type { Typed } from "../../attacker/typed-user.ts";
import type { Deployment, Principal } from "../../protocol/endpoint.ts";
import { fromHex, latin1 } from "../../protocol/kit/bytes.ts";
import type { Packet, ProcessId } from "../trace/trace.ts";

type Choose = Extract<Move, { move: "choose" }>;
type LogIn = Extract<Move, { move: "log-in" }>;

/** Shorter names and passwords occur by chance in what is none of them. */
const shortest = 3;

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0);

/** Filled as the run starts, and asked when a process opens or its user types. */
export class Typing {
  readonly #chosen = new Map<string, { readonly move: Choose; readonly index: number }>();
  readonly #logins = new Map<ProcessId, { readonly move: LogIn; readonly index: number }>();
  readonly #submitted = new Map<ProcessId, number>();
  /** Processes in which something else than usual has been typed. */
  readonly #shown = new Set<ProcessId>();
  readonly #onEffect: (index: number, process: ProcessId) => void;

  /** @param onEffect is told that a move has taken effect at a process. */
  constructor(onEffect: (index: number, process: ProcessId) => void) {
    this.#onEffect = onEffect;
  }

  choose(move: Choose, index: number): void {
    this.#chosen.set(`${move.process} ${move.nth}`, { move, index });
  }

  logIn(move: LogIn, index: number): void {
    this.#logins.set(move.process, { move, index });
  }

  /**
   * The next message of a process's user, if the attacker chooses it.
   * @param named packets that have been sent, by their names.
   * @returns `undefined` if the user says what was planned.
   */
  message(process: ProcessId, named: ReadonlyMap<string, Packet>): Uint8Array | undefined {
    if (this.#chosen.size === 0) return undefined;
    const nth = (this.#submitted.get(process) ?? 0) + 1;
    this.#submitted.set(process, nth);
    const entry = this.#chosen.get(`${process} ${nth}`);
    if (entry === undefined) return undefined;
    const message = bytesOf(entry.move.hex);
    for (const { packet, start, length } of entry.move.xor ?? []) {
      const part = named.get(packetKey(packet))?.bytes.subarray(start, start + length);
      // What it depends on has not been sent: the attacker has nothing to say yet.
      if (part === undefined) return undefined;
      part.forEach((byte, i) => {
        if (i < message.length) message[i] = (message[i] as number) ^ byte;
      });
    }
    this.#onEffect(entry.index, process);
    return message;
  }

  /** @returns what is typed in this process, if the attacker uses it and it has a password. */
  login(process: ProcessId, principal: Principal, { credentials }: Deployment): Typed | undefined {
    const entry = this.#logins.get(process);
    const own = entry && credentials?.find((c) => c.principal === principal);
    if (entry === undefined || own === undefined) return undefined;
    const { password, user, right = false } = entry.move;
    const typed = right ? own.password : bytesOf(password);
    const instead = [[latin1(own.password), latin1(typed)] as const];
    if (user !== undefined) instead.push([latin1(own.user), latin1(bytesOf(user))]);
    const onUse = (): void => {
      if (this.#shown.has(process)) return;
      this.#shown.add(process);
      this.#onEffect(entry.index, process);
    };
    return { instead: instead.filter(([bytes]) => bytes.length >= shortest), onUse };
  }
}
