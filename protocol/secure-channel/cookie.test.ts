/** mac1, cookies and the table of half-open sessions. */
import { createHash, createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { CookieJar, cookieBytes, mac1, rotationMs } from "./cookie.ts";
import { HalfOpenTable, halfOpenMs, maxHalfOpen } from "./half-open.ts";

const crypto = (): CryptoRecorder => new CryptoRecorder([], new Random("cookie"), "server");
const message1 = utf8("message one");
const alice = "alice:40000";

test("mac1 is one step of HKDF-Expand under the hash of the server's key, cut to 8 bytes", () => {
  const key = createHash("sha256").update("mac1").update("server key").digest();
  const expected = createHmac("sha256", key)
    .update(message1)
    .update("\x01")
    .digest("hex")
    .slice(0, 16);
  expect(hex(mac1(crypto(), utf8("server key"), message1))).toBe(expected);
  expect(hex(mac1(crypto(), utf8("another key"), message1))).not.toBe(expected);
});

describe("a cookie", () => {
  const baked = (now = 0) => {
    const jar = new CookieJar(crypto(), 0);
    return { jar, cookie: jar.bake(alice, message1, now) };
  };

  test("is known again, for this address and this message only", () => {
    const { jar, cookie } = baked();
    expect(cookie.length).toBe(cookieBytes);
    expect(jar.knows(cookie, alice, message1, 0)).toBe(true);
    expect(jar.knows(cookie, "alice:40001", message1, 0)).toBe(false);
    expect(jar.knows(cookie, "mallory:40000", message1, 0)).toBe(false);
    expect(jar.knows(cookie, alice, utf8("another"), 0)).toBe(false);
  });

  test("is no cookie with a bit changed, cut, lengthened, or made of zeros", () => {
    const { jar, cookie } = baked();
    const flipped = cookie.map((byte, i) => (i === 11 ? byte ^ 1 : byte));
    const others = [
      flipped,
      cookie.slice(1),
      concat(cookie, utf8("x")),
      new Uint8Array(12),
      utf8(""),
    ];
    for (const other of others) expect(jar.knows(other, alice, message1, 0)).toBe(false);
  });

  test("of another server, or of the same one started anew, is not known", () => {
    const { cookie } = baked();
    const other = new CookieJar(new CryptoRecorder([], new Random("again"), "server"), 0);
    expect(other.knows(cookie, alice, message1, 0)).toBe(false);
  });

  test.each([
    [0, rotationMs - 1, true],
    [0, 2 * rotationMs - 1, true],
    [0, 2 * rotationMs, false],
    [rotationMs - 1, 2 * rotationMs - 1, true],
    [rotationMs, 2 * rotationMs, true],
    [0, 100 * rotationMs, false],
  ])("baked at %d ms and shown at %d ms: known is %s", (made, shown, known) => {
    const { jar, cookie } = baked(made);
    expect(jar.knows(cookie, alice, message1, shown)).toBe(known);
  });

  test("outlives one change of keys, and not two", () => {
    const { jar, cookie } = baked();
    jar.bake(alice, message1, rotationMs);
    expect(jar.knows(cookie, alice, message1, rotationMs)).toBe(true);
    jar.bake(alice, message1, 2 * rotationMs);
    expect(jar.knows(cookie, alice, message1, 2 * rotationMs)).toBe(false);
  });
});

describe("the table of half-open sessions", () => {
  test("forgets after 10 s, and says when", () => {
    const table = new HalfOpenTable<string>();
    expect(table.deadline()).toBeUndefined();
    table.add("a", "first", 0);
    table.add("b", "second", 5);
    expect([table.get("a", halfOpenMs - 1), table.deadline()]).toEqual(["first", halfOpenMs]);
    expect([table.get("a", halfOpenMs), table.get("b", halfOpenMs)]).toEqual([undefined, "second"]);
    expect(table.deadline()).toBe(halfOpenMs + 5);
  });

  test("lets the oldest go where there are too many, and those that are finished", () => {
    const table = new HalfOpenTable<number>();
    for (let i = 0; i < maxHalfOpen; i++) table.add(`k${i}`, i, i);
    table.add("k0", 100, 70);
    table.add("new", 101, 71);
    expect([table.get("k0", 72), table.get("k1", 72), table.get("new", 72)]).toEqual([
      100,
      undefined,
      101,
    ]);
    table.remove("new");
    expect([table.size, table.get("new", 72)]).toEqual([maxHalfOpen - 1, undefined]);
  });

  test("never has more than 64 entries, and none older than 10 s", () => {
    const steps = fc.array(fc.tuple(fc.nat(200), fc.nat(500)), { maxLength: 300, size: "max" });
    fc.assert(
      fc.property(steps, (list) => {
        const table = new HalfOpenTable<number>();
        let now = 0;
        for (const [key, pause] of list) {
          now += pause;
          table.add(`${key}`, now, now);
          expect(table.size).toBeLessThanOrEqual(maxHalfOpen);
          expect(table.deadline() ?? 0).toBeGreaterThan(now);
          expect(table.get(`${key}`, now)).toBe(now);
        }
      }),
    );
  });
});
