/** Sums for errors, found in packets of one kind by trying what is usual. */
import { equalBytes } from "../protocol/kit/bytes.ts";
import {
  type ChecksumPlace,
  checksum,
  checksumNames,
  withChecksum,
  withoutChecksum,
} from "./checksums.ts";
import { roleOf } from "./move.ts";

/** They stand at the end, or within so many bytes at the beginning. */
const longestHead = 16;
const hashLengths = [32, 20, 16, 8, 4];
const nothing = new Uint8Array(0);

function* usualPlaces(): Iterable<ChecksumPlace> {
  for (const sum of checksumNames) {
    const whole = checksum(sum, nothing).length;
    const isHash = whole > 4;
    for (const length of isHash ? hashLengths.filter((n) => n <= whole) : [whole]) {
      for (const reversed of isHash || length === 1 ? [false] : [false, true]) {
        const about = { sum, length, ...(reversed ? { reversed: true as const } : {}) };
        yield { ...about, at: -length, over: "before" };
        yield { ...about, at: 0, over: "after" };
        // Others would have to be computed for every place; and these are right in any place.
        if (isHash || sum === "xor-8" || sum === "minus-sum-8") continue;
        for (let at = 0; at <= longestHead; at++) {
          if (at > 0 && sum !== "internet") yield { ...about, at, over: "after" };
          yield { ...about, at, over: "all" };
        }
      }
    }
  }
}
const places = [...usualPlaces()];

const startOf = ({ at }: ChecksumPlace, bytes: Uint8Array): number =>
  at < 0 ? bytes.length + at : at;

/**
 * @param packets of one kind; one alone proves nothing.
 * @returns the place of a sum that is right in all of them, and not the same in all; or none.
 */
export function checksumsIn(packets: readonly Uint8Array[]): readonly ChecksumPlace[] {
  if (packets.length < 2) return [];
  const found = places.find((place) => {
    const isRight = packets.every((bytes) => {
      const right = withChecksum(bytes, place);
      return right !== undefined && equalBytes(right, bytes);
    });
    if (!isRight) return false;
    const values = packets.map((bytes) => {
      const at = startOf(place, bytes);
      return bytes.slice(at, at + place.length);
    });
    // A length or a counter begins with zeros; by chance, it may make up for the rest.
    const isSmall = place.length > 1 && values.every((value) => value[0] === 0);
    return !isSmall && new Set(values.map(String)).size > 1;
  });
  return found === undefined ? [] : [found];
}

/** Comparing more packets, or longer ones, proves nothing more. */
const mostCompared = 6;
const mostBytes = 2_048;

/** A packet, and which processes it is from and for. */
interface Sent {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** The sums of a protocol's packets: those from one role to another carry it alike. */
export class Sums {
  readonly #places: ReadonlyMap<string, ChecksumPlace | undefined>;

  constructor(packets: readonly Sent[]) {
    const ways = new Map<string, Uint8Array[]>();
    for (const packet of packets) {
      const way = wayOf(packet);
      const list = ways.get(way) ?? [];
      ways.set(way, list);
      if (list.length < mostCompared && packet.bytes.length <= mostBytes) list.push(packet.bytes);
    }
    this.#places = new Map([...ways].map(([way, list]) => [way, checksumsIn(list)[0]]));
  }

  get areThere(): boolean {
    return [...this.#places.values()].some((place) => place !== undefined);
  }

  placeIn(packet: Pick<Sent, "from" | "to">): ChecksumPlace | undefined {
    return this.#places.get(wayOf(packet));
  }

  /** The bytes of a packet, with zeros where its sum stands. */
  without(packet: Sent): Uint8Array {
    const place = this.placeIn(packet);
    return place === undefined ? packet.bytes : withoutChecksum(packet.bytes, place);
  }
}

const wayOf = ({ from, to }: Pick<Sent, "from" | "to">): string => `${roleOf(from)}>${roleOf(to)}`;
