/**
 * The handshake patterns, in the notation of the Noise Protocol Framework, revision 34: the one-way
 * ones (§7.4), the fundamental interactive ones (§7.5), and two of the deferred ones (§18.1). What
 * stands above the dots is known before the handshake. Pre-shared keys follow from a pattern's name
 * by a rule; see parse-pattern.ts.
 */
import { type HandshakePattern, parsePattern, withModifiers } from "./parse-pattern.ts";

const tables = `
N:
  <- s
  ...
  -> e, es

K:
  -> s
  <- s
  ...
  -> e, es, ss

X:
  <- s
  ...
  -> e, es, s, ss

NN:
  -> e
  <- e, ee

NK:
  <- s
  ...
  -> e, es
  <- e, ee

NX:
  -> e
  <- e, ee, s, es

KN:
  -> s
  ...
  -> e
  <- e, ee, se

KK:
  -> s
  <- s
  ...
  -> e, es, ss
  <- e, ee, se

KX:
  -> s
  ...
  -> e
  <- e, ee, se, s, es

XN:
  -> e
  <- e, ee
  -> s, se

XK:
  <- s
  ...
  -> e, es
  <- e, ee
  -> s, se

XX:
  -> e
  <- e, ee, s, es
  -> s, se

IN:
  -> e, s
  <- e, ee, se

IK:
  <- s
  ...
  -> e, es, s, ss
  <- e, ee, se

IX:
  -> e, s
  <- e, ee, se, s, es

XK1:
  <- s
  ...
  -> e
  <- e, ee, es
  -> s, se

X1X1:
  -> e
  <- e, ee, s
  -> es, s
  <- se
`;

const patterns: ReadonlyMap<string, HandshakePattern> = new Map(
  tables
    .trim()
    .split("\n\n")
    .map(parsePattern)
    .map((pattern) => [pattern.name, pattern]),
);

/** Those without a pre-shared key, in the order of the tables. */
export const patternNames: readonly string[] = [...patterns.keys()];

/**
 * @param name of a pattern, perhaps with modifiers: `XX`, `XXpsk3`, `NNpsk0+psk2`.
 * @returns `undefined` if there is none of that name here.
 * @see Noise §8
 */
export function patternNamed(name: string): HandshakePattern | undefined {
  const [, base = "", modifiers = ""] = /^([A-Z][A-Z0-9]*)((?:\+?psk\d)*)$/.exec(name) ?? [];
  const pattern = patterns.get(base);
  return pattern === undefined ? undefined : withModifiers(pattern, name, modifiers);
}
