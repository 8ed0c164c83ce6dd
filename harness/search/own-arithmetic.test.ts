/**
 * Codes that a protocol makes of a MAC by arithmetic of its own: the lab records the MAC, and not
 * what becomes of it. Long ones cannot be followed, and nothing may be said about them; short ones
 * can be guessed.
 */
import { describe, expect, test } from "vitest";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { readUint, utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, type Handler, sharingKey, subjectFor, transmit, words } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

/** RFC 4226 §5.3, over the command as well. */
function codeOf(env: Env, key: Uint8Array, counter: number, command: string, digits: number) {
  const mac = env.crypto.hmac("sha1", key, utf8(`${counter} ${command}`));
  const at = (mac[19] ?? 0) & 15;
  const number = readUint(mac, at, 4) % 0x80000000;
  return String(number % 10 ** digits).padStart(digits, "0");
}

function tokenOf(env: Env, key: Uint8Array, digits: number): Handler {
  let counter = 0;
  return (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const command = words(input.message);
    counter++;
    return [transmit(`${counter} ${codeOf(env, key, counter, command, digits)} ${command}`)];
  };
}

function doorOf(env: Env, key: Uint8Array, digits: number): Handler {
  let last = 0;
  return (input) => {
    if (input.kind !== "datagram") return [];
    const [counter = "", code, ...command] = words(input.bytes).split(" ");
    const next = Number(counter) || 0;
    const told = command.join(" ");
    if (next <= last || code !== codeOf(env, key, next, told, digits)) return [];
    last = next;
    return [deliver(utf8(told), "alice")];
  };
}

const token = (digits: number): Protocol =>
  sharingKey(
    (env, key) => tokenOf(env, key, digits),
    (env, key) => doorOf(env, key, digits),
  );

describe("codes of", () => {
  test.each([
    [8, "unknown"],
    [4, "broken"],
  ] as const)("%i digits: origin %s", (digits, verdict) => {
    const [origin] = assess(subjectFor(token(digits)), {
      seed: "codes",
      guarantees: ["origin"],
    }).verdicts;
    expect(origin?.verdict).toBe(verdict);
  });
});
