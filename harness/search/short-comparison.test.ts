/**
 * Receivers that look at the beginning of a MAC only: whoever guesses so much gets anything
 * accepted. The sender is sound, so that nothing shorter ever crosses the wire.
 */
import { describe, expect, test } from "vitest";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, type Handler, sharingKey, subjectFor, words } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const macBytes = 32;

/** How many bytes are compared, and how the MAC is written. */
interface How {
  readonly compared: number;
  readonly written: "bytes" | "hex";
}

function macOf({ crypto }: Env, key: Uint8Array, text: Uint8Array, { written }: How): Uint8Array {
  const mac = crypto.hmac("sha256", key, text);
  return written === "hex" ? crypto.encode("hex", mac) : mac;
}

function sender(env: Env, key: Uint8Array, how: How): Handler {
  let count = 0;
  return (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const text = utf8(`${++count} ${words(input.message)}`);
    return [{ kind: "transmit", bytes: concat(macOf(env, key, text, how), text) }];
  };
}

function receiver(env: Env, key: Uint8Array, how: How): Handler {
  const length = how.written === "hex" ? 2 * macBytes : macBytes;
  let last = 0;
  return (input) => {
    if (input.kind !== "datagram") return [];
    const text = input.bytes.slice(length);
    const [count = "", ...rest] = words(text).split(" ");
    const [right, given] = [macOf(env, key, text, how), input.bytes].map((b) =>
      b.slice(0, how.compared),
    );
    if (Number(count) <= last || latin1(right ?? text) !== latin1(given ?? text)) return [];
    last = Number(count);
    return [deliver(utf8(rest.join(" ")), "alice")];
  };
}

const protocol = (how: How): Protocol =>
  sharingKey(
    (env, key) => sender(env, key, how),
    (env, key) => receiver(env, key, how),
  );

describe("of a MAC is compared:", () => {
  test.each([
    [4, "bytes", "broken"],
    [7, "hex", "broken"],
    [8, "bytes", "holds"],
    [macBytes, "bytes", "holds"],
    [2 * macBytes, "hex", "holds"],
  ] as const)("the first %i, written in %s: origin %s", (compared, written, verdict) => {
    const subject = subjectFor(protocol({ compared, written }));
    const [origin] = assess(subject, { seed: "short", guarantees: ["origin"] }).verdicts;
    expect(origin?.verdict).toBe(verdict);
    if (verdict === "holds") return;
    expect(origin?.capability).toBe("off-path");
    expect(origin?.finding?.steps).toContainEqual(
      expect.stringContaining("guessing the first bytes"),
    );
  });
});
