import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MisuseError } from "./errors.ts";
import { type Freshness, ReplayWindow } from "./replay-window.ts";
import { readVectors } from "./vectors/load.ts";

type Step = readonly [expression: string, accepted: boolean];
interface Vectors {
  readonly RejectAfterMessages: string;
  readonly sequence: readonly Step[];
  readonly bulk: readonly { readonly feed: string; readonly then: readonly Step[] }[];
}
const vectors = readVectors<Vectors>("wireguard/replay-window.json");
const limit = BigInt(vectors.RejectAfterMessages);

/** Sums and products of numbers and names, such as `T_LIM*4-(T_LIM-1)`. */
function evaluate(expression: string, w: bigint): bigint {
  const names: Record<string, bigint> = { W: w, T_LIM: w + 1n, RejectAfterMessages: limit };
  const flat = expression.replace(
    /-\((.*)\)/,
    (_, inner: string) => `-${inner.replace(/[+-]/, (sign) => (sign === "-" ? "+" : "-"))}`,
  );
  const product = (term: string): bigint =>
    term.split("*").reduce((value, name) => value * (names[name] ?? BigInt(name)), 1n);
  return (flat.match(/[+-]?[^+-]+/g) ?? []).reduce((sum, term) => {
    const size = product(term.replace(/^[+-]/, ""));
    return term.startsWith("-") ? sum - size : sum + size;
  }, 0n);
}

/** Does what a receiver does with a record that is genuine. */
function feed(window: ReplayWindow, counter: bigint): boolean {
  if (window.check(counter) !== "fresh") return false;
  window.accept(counter);
  return true;
}

/** `2..W+1 all true`, `W..1 descending all true`. */
function range(text: string, w: bigint): bigint[] {
  const [from, to] = text.replace(/ .*/, "").split("..") as [string, string];
  const out: bigint[] = [];
  const step = text.includes("descending") ? -1n : 1n;
  for (let c = evaluate(from, w); c !== evaluate(to, w) + step; c += step) out.push(c);
  return out;
}

describe.each([63n, 8128n])("WireGuard's sequences with W = %d", (w) => {
  test("the long one", () => {
    const window = new ReplayWindow(Number(w) + 1, limit);
    const got = vectors.sequence.map(([e]) => [e, feed(window, evaluate(e, w))]);
    expect(got).toEqual(vectors.sequence);
  });

  test.each(vectors.bulk)("$feed", ({ feed: many, then }) => {
    const window = new ReplayWindow(Number(w) + 1, limit);
    expect(range(many, w).every((c) => feed(window, c))).toBe(true);
    expect(then.map(([e]) => [e, feed(window, evaluate(e, w))])).toEqual(then);
  });
});

/** The same by remembering everything. */
function naive(accepted: ReadonlySet<bigint>, counter: bigint, size: bigint): Freshness {
  let top = -1n;
  for (const c of accepted) if (c > top) top = c;
  if (top - counter >= size) return "stale";
  return accepted.has(counter) ? "replayed" : "fresh";
}

describe("ReplayWindow", () => {
  const sizes = fc.integer({ min: 1, max: 40 });
  const counters = fc.array(fc.bigInt({ min: 0n, max: 120n }), { maxLength: 80 });

  test("says what a receiver that remembers everything would say", () => {
    fc.assert(
      fc.property(sizes, counters, (size, list) => {
        const window = new ReplayWindow(size);
        const accepted = new Set<bigint>();
        for (const c of list) {
          expect(window.check(c)).toBe(naive(accepted, c, BigInt(size)));
          if (feed(window, c)) accepted.add(c);
        }
      }),
    );
  });

  test("accepts nothing twice, in whatever order and however often it comes", () => {
    fc.assert(
      fc.property(sizes, counters, (size, list) => {
        const window = new ReplayWindow(size);
        const taken = [...list, ...list].filter((c) => feed(window, c));
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  test("does not move for what is only checked", () => {
    fc.assert(
      fc.property(counters, counters, (list, forged) => {
        const [watched, other] = [new ReplayWindow(8), new ReplayWindow(8)];
        for (const c of list) {
          for (const f of forged) watched.check(f + 1_000_000n);
          expect(feed(watched, c)).toBe(feed(other, c));
        }
      }),
    );
  });

  test("remembers 64 counters unless told otherwise", () => {
    const window = new ReplayWindow();
    window.accept(64n);
    expect(window.check(1n)).toBe("fresh");
    expect(window.check(0n)).toBe("stale");
    expect(window.check(64n)).toBe("replayed");
  });

  test("throws where the caller forgot to check", () => {
    const window = new ReplayWindow();
    window.accept(1n);
    expect(() => window.accept(1n)).toThrow(MisuseError);
    expect(() => window.accept(-1n)).toThrow(MisuseError);
    expect(() => new ReplayWindow(0)).toThrow(MisuseError);
  });
});
