/**
 * Receivers that look at a part of a MAC only, or get no more than that: what is few enough to be
 * guessed gets anything accepted, however it is written, at a chance that is told.
 */
import { describe, expect, test } from "vitest";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { bytesBigint, concat, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, type Handler, sharingKey, subjectFor, words } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

/** How a MAC is written, and how much of that is sent and compared. */
interface How {
  readonly write: (env: Env, mac: Uint8Array) => Uint8Array;
  readonly sent: number;
  readonly compared: number;
  /** All that is sent is packed once more. */
  readonly packed?: true;
}

const codeOf = (env: Env, key: Uint8Array, text: Uint8Array, { write, sent }: How) =>
  write(env, env.crypto.hmac("sha256", key, text)).slice(0, sent);

function sender(env: Env, key: Uint8Array, how: How): Handler {
  let count = 0;
  return (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    const text = utf8(`${++count} ${words(input.message)}`);
    const plain = concat(codeOf(env, key, text, how), utf8(" "), text);
    const bytes = how.packed === true ? env.crypto.encode("base64", plain) : plain;
    return [{ kind: "transmit", bytes }];
  };
}

function receiver(env: Env, key: Uint8Array, how: How): Handler {
  let last = 0;
  return (input) => {
    if (input.kind !== "datagram") return [];
    const { bytes } = input;
    const plain = how.packed === true ? env.crypto.decode("base64", bytes) : bytes;
    if (plain === undefined) return [];
    const length = codeOf(env, key, utf8(""), how).length;
    const text = plain.slice(length + 1);
    const [count = "", ...rest] = words(text).split(" ");
    const [right, given] = [codeOf(env, key, text, how), plain].map((b) =>
      latin1(b.slice(0, how.compared)),
    );
    if (!(Number(count) > last) || right !== given) return [];
    last = Number(count);
    return [deliver(utf8(rest.join(" ")), "alice")];
  };
}

const protocol = (how: How): Protocol =>
  sharingKey(
    (env, key) => sender(env, key, how),
    (env, key) => receiver(env, key, how),
  );

const bytes: How["write"] = (_, mac) => mac;
const hex: How["write"] = ({ crypto }, mac) => crypto.encode("hex", mac);
const base64: How["write"] = ({ crypto }, mac) => crypto.encode("base64", mac);
const decimal: How["write"] = ({ crypto }, mac) => crypto.encode("decimal", mac);
/** As RFC 4226 has them. */
const otp: How["write"] = (_, mac) =>
  utf8(`${bytesBigint(mac.slice(0, 4)) % 10n ** 6n}`.padStart(6, "0"));
/** Made by hand, with nothing recorded. */
const ownHex: How["write"] = (_, mac) =>
  utf8([...mac].map((byte) => byte.toString(16).padStart(2, "0")).join(""));

function originOf(how: How) {
  const capabilities = ["none", "passive", "off-path"] as const;
  const settings = { seed: "short", guarantees: ["origin"], capabilities };
  const [origin] = assess(subjectFor(protocol(how)), settings).verdicts;
  expect(origin?.finding?.capability ?? "off-path").toBe("off-path");
  return [origin?.verdict, origin?.finding?.compute] as const;
}

const fails = "on average, of which all but one fail";

describe("of a MAC is compared", () => {
  test.each<[string, number, How["write"], string]>([
    ["bytes", 4, bytes, `about 2^32 attacks ${fails}: 4 bytes are guessed`],
    ["digits of hex", 7, hex, `about 2^28 attacks ${fails}: 7 hexadecimal digits are guessed`],
    ["digits of hex", 14, hex, `about 2^56 attacks ${fails}: 14 hexadecimal digits are guessed`],
    ["characters of base64", 9, base64, `about 2^54 attacks ${fails}: 9 characters are guessed`],
    ["decimal digits", 16, decimal, `about 2^54 attacks ${fails}: 16 decimal digits are guessed`],
  ])("the first of its %s, %i: broken", (_, compared, write, compute) => {
    expect(originOf({ write, sent: 64, compared })).toEqual(["broken", compute]);
  });

  test.each<[string, number, How["write"]]>([
    ["bytes", 8, bytes],
    ["bytes", 32, bytes],
    ["digits of hex", 16, hex],
    ["characters of base64", 11, base64],
    ["decimal digits", 20, decimal],
  ])("the first of its %s, %i: holds", (_, compared, write) => {
    expect(originOf({ write, sent: 64, compared })).toEqual(["holds", undefined]);
  });
});

describe("of a MAC is sent", () => {
  test.each<[string, number, How["write"], string]>([
    ["bytes", 2, bytes, `about 65,536 attacks ${fails}: 2 bytes are guessed`],
    ["digits of hex", 8, hex, `about 2^32 attacks ${fails}: 8 hexadecimal digits are guessed`],
    ["digits made by hand", 8, ownHex, `about 2^32 attacks ${fails}: 8 hexadecimal digits are`],
    [
      "decimal digits made by hand",
      6,
      otp,
      `about 1,000,000 attacks ${fails}: 6 decimal digits are`,
    ],
    ["decimal digits", 8, decimal, `about 2^27 attacks ${fails}: 8 decimal digits are guessed`],
    ["characters of base64", 6, base64, `about 2^36 attacks ${fails}: 6 characters are guessed`],
  ])("the first of its %s, %i: broken", (_, sent, write, expected) => {
    const [verdict, compute] = originOf({ write, sent, compared: sent });
    expect(verdict).toBe("broken");
    expect(compute).toContain(expected);
  });

  test("digits of hex, within base64: what counts is how many digits", () => {
    const how = { write: hex, sent: 12, compared: 12, packed: true } as const;
    const [verdict, compute] = originOf(how);
    expect(verdict).toBe("broken");
    expect(compute).toContain("12 hexadecimal digits");
    expect(originOf({ ...how, sent: 16, compared: 16 })[0]).toBe("holds");
  });
});
