/** Recorded values in words: what a value is, who has made it, what it serves for. */

import { resultOf } from "../../attacker/recipe/describe-recipe.ts";
import type { Recorded } from "../../attacker/recipe/terms.ts";
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { quote } from "../guarantees/exchanges.ts";
import type { Trace } from "../trace/trace.ts";
import { algorithmWords } from "./algorithm-words.ts";

export interface Words {
  readonly label: string;
  readonly text: string;
}

const dealer = "deployment";

export class ValueWords {
  /** Whose long-term secret a value is, or whose the private key to it. */
  readonly #owners = new Map<Latin1, string>();
  /** Who has computed or drawn a value. */
  readonly #makers = new Map<Latin1, Set<string>>();
  /** The operations of which a value is the key, and of which it is the nonce. */
  readonly #keyOf = new Map<Latin1, OpRecord>();
  readonly #nonceOf = new Map<Latin1, OpRecord>();
  /** Keys that are named, by whose they are. */
  readonly #named = new Map<string, Latin1[]>();

  constructor(trace: Trace, principals: readonly string[]) {
    for (const principal of principals) {
      for (const secret of trace.deployment.longTermSecrets(principal)) {
        const value = latin1(secret);
        const others = this.#owners.get(value);
        this.#owners.set(value, others === undefined ? principal : `${others} and ${principal}`);
      }
    }
    for (const op of trace.crypto) this.#note(op);
  }

  #note(op: OpRecord): void {
    const { key, nonce, keyPair, hasOutput } = operations[op.op];
    if (hasOutput && !op.backwards) {
      const makers = this.#makers.get(op.output) ?? new Set();
      this.#makers.set(op.output, makers.add(op.by));
    }
    const owner = keyPair === true ? this.#owners.get(op.inputs[0] ?? "") : undefined;
    if (owner !== undefined) this.#owners.set(op.output, owner);
    if (key !== undefined) first(this.#keyOf, op.inputs[key] ?? "", op);
    if (nonce !== undefined) first(this.#nonceOf, op.inputs[nonce] ?? "", op);
  }

  /** A recorded value that stands in a packet which this process has sent. */
  of(recorded: Recorded, sender: string): Words {
    const { record, value } = recorded;
    const { fresh, keyPair, content, key } = operations[record.op];
    const by = this.#by(recorded, sender);
    if (fresh === true) return this.#drawn(value, by);
    // Of keyed hashes, records have the hash alone.
    const isKeyedHash = key !== undefined && /^(sha|md5)/.test(record.algorithm);
    const name = algorithmWords(`${isKeyedHash ? `${record.op}-` : ""}${record.algorithm}`);
    if (keyPair === true) return { label: "public key", text: `${name} public key of ${by}` };
    const label = resultOf(record.op);
    if (content !== undefined) return { label, text: this.box(record) };
    const made = `${name === "" ? "" : `${name} `}${label}`;
    const [only = ""] = record.inputs;
    const of = key === undefined && record.inputs.length === 1 ? ` of ${quoted(only)}` : "";
    return { label, text: `${made}${of}${this.#under(record)}, made by ${by}` };
  }

  /** A box: how it is sealed, what is in it, under whose key. */
  box(record: OpRecord): string {
    return `${algorithmWords(record.algorithm)} of ${quoted(contentOf(record))}${this.#under(record)}`;
  }

  #under({ op, inputs }: OpRecord): string {
    const { key } = operations[op];
    return key === undefined ? "" : ` under ${this.key(inputs[key] ?? "")}`;
  }

  /** A key by whose it is: `K(client#0, server#0)`, or a principal's own. */
  key(value: Latin1): string {
    const owner = this.#owners.get(value);
    if (owner !== undefined) return `the key of ${owner}`;
    const makers = [...(this.#makers.get(value) ?? [])].filter((by) => by !== dealer);
    if (makers.length === 0) return "a key";
    const who = makers.toSorted().join(", ");
    const named = this.#named.get(who) ?? [];
    this.#named.set(who, named);
    if (!named.includes(value)) named.push(value);
    const n = named.indexOf(value);
    return `K${n === 0 ? "" : n + 1}(${who})`;
  }

  #drawn(value: Latin1, by: string): Words {
    const sealed = this.#nonceOf.get(value);
    if (sealed !== undefined) {
      const label = /aes/.test(sealed.algorithm) ? "IV" : "nonce";
      return { label, text: `${label} of ${algorithmWords(sealed.algorithm)}, drawn by ${by}` };
    }
    if (this.#keyOf.has(value)) return { label: "key", text: `${this.key(value)}, drawn by ${by}` };
    return { label: "random value", text: `${value.length} bytes drawn by ${by}` };
  }

  /** Who has made it: the sender, if it has made the same; of what was dealt, for whom. */
  #by({ record, value }: Recorded, sender: string): string {
    const owner = this.#owners.get(value);
    if (record.by !== dealer) return this.#makers.get(value)?.has(sender) ? sender : record.by;
    if (owner !== undefined) return `${owner}, long-term`;
    return this.#makers.get(value)?.has(sender) ? sender : "the dealer of keys";
  }
}

const quoted = (bytes: Latin1): string => (bytes === "" ? "nothing" : quote(fromLatin1(bytes)));

function first<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
