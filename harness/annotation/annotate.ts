/**
 * What the packets of a run are, byte by byte: from the record of the cryptography and from what
 * the adversary can deduce, and from nothing else. No protocol describes its format.
 */
import type { Origin } from "../../attacker/knowledge/origin.ts";
import { Sums } from "../../attacker/learnt-checksums.ts";
import { usualEncodings } from "../../attacker/recipe/encodings.ts";
import { type Recorded, type Term, Terms } from "../../attacker/recipe/terms.ts";
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, operations } from "../../protocol/kit/operations.ts";
import { quote } from "../guarantees/exchanges.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import type { AnnotatedPacket, Arrival, ByteRange } from "./byte-range.ts";
import { changesOf } from "./changes.ts";
import { type Learnt, learning } from "./learning.ts";
import { Ranges, type Readings } from "./ranges.ts";
import { ValueWords } from "./value-words.ts";

/** @returns for the first `most` packets of the run, in order, what their bytes are. */
export function annotate(trace: Trace, most = trace.packets.length): readonly AnnotatedPacket[] {
  const reading = new Reading(trace);
  const received = new Map<number, ReceivedEvent[]>();
  for (const e of receivedIn(trace)) {
    received.set(e.packet, [...(received.get(e.packet) ?? []), e]);
  }
  return trace.packets.slice(0, most).map((packet) => {
    const ranges = reading.rangesOf(packet.bytes, packet);
    const arrivals = (received.get(packet.index) ?? []).map(
      ({ at, t, bytes, changed }): Arrival => {
        if (!changed) return { at, t, bytes, ranges, changed: [] };
        const differing = changesOf(packet.bytes, bytes);
        return { at, t, bytes, ranges: reading.rangesOf(bytes, packet), changed: differing };
      },
    );
    return { packet: packet.index, ranges, arrivals };
  });
}

type ReceivedEvent = ReturnType<typeof receivedIn>[number];
const receivedIn = (trace: Trace) => eventsOf(trace, "received");

class Reading {
  readonly #terms: Terms;
  readonly #sums: Sums;
  readonly #readings: Readings;
  readonly #learnt: ReadonlyMap<Latin1, Learnt>;

  constructor(trace: Trace) {
    const { plan, packets, crypto } = trace;
    const planned = plan.workload.sessions;
    const principals = new Set([
      ...trace.processes.map((p) => p.principal),
      ...planned.flatMap((s) => Object.values(s.principals ?? {})),
    ]);
    const said = [
      ...planned.flatMap((s) => s.messages.map((m) => m.message)),
      ...eventsOf(trace, "submit").map((e) => e.message),
    ];
    const texts = packets.map((p) => latin1(p.bytes));
    this.#terms = new Terms(crypto, [...principals], said, usualEncodings(texts));
    this.#sums = new Sums(packets);
    const words = new ValueWords(trace, [...principals]);
    const contents = crypto.flatMap((op) =>
      operations[op.op].content === undefined ? [] : [contentOf(op)],
    );
    this.#learnt = learning(trace, contents);
    this.#readings = {
      terms: this.#terms,
      words,
      short: shortBoxes(this.#terms),
      known: (of) => this.#known(of),
    };
  }

  rangesOf(bytes: Uint8Array, { from, to }: { from: string; to: string }): readonly ByteRange[] {
    const place = this.#sums.placeIn({ from, to });
    const inner = this.#terms.read(latin1(this.#sums.without({ from, to, bytes })));
    const term: Term = place === undefined ? inner : { is: "summed", inner, place };
    return new Ranges(this.#readings, from).of(term, 0);
  }

  /** Of boxes: whether it knows what is inside. All else on the wire it sees as it is. */
  #known({ record }: Recorded): string | undefined {
    if (operations[record.op].content === undefined) return undefined;
    const content = contentOf(record);
    if (content === "") return undefined;
    const learnt = this.#learnt.get(content);
    if (learnt === undefined) return "the adversary does not know what is inside";
    if (learnt.origin === undefined) return "nothing in it is secret to the adversary";
    const since =
      learnt.packet === undefined
        ? learnt.isDisclosed
          ? "since something was disclosed"
          : "from the start"
        : `since packet ${learnt.packet + 1} was sent`;
    return `the adversary knows what is inside ${since}${how(learnt.origin)}`;
  }
}

/** Of so many bytes a ciphertext is hardly the same as anything else by accident. */
const leastBox = 3;

/** Ciphertexts are as short as what is in them. */
function shortBoxes({ all, byValue }: Terms): ReadonlyMap<Latin1, Recorded> {
  const short = new Map<Latin1, Recorded>();
  for (const of of all) {
    const { op, output } = of.record;
    const isBox = operations[op].content !== undefined && output.length >= leastBox;
    if (isBox && !byValue.has(output) && !short.has(output)) {
      short.set(output, { ...of, value: output });
    }
  }
  return short;
}

function how(origin: Origin | undefined): string {
  switch (origin?.kind) {
    case undefined:
      return "";
    case "seen":
      return ": it was sent as it is";
    case "part":
    case "joined":
      return `: it is a part of ${shown(origin.of)}`;
    case "decoded":
      return `: it is written in ${shown(origin.of)}`;
    case "opened":
      return `: it can open ${origin.op.algorithm}`;
    case "computed":
      return `: it can compute ${origin.op.algorithm}`;
    case "logarithm":
    case "guessed":
      return `: by ${origin.cost}`;
  }
}

const shown = (value: Latin1): string => quote(fromLatin1(value));
