/**
 * Both ends against conversations that Python recorded; see interop/record.py for how, and with
 * what. Nothing here runs Python.
 */
import { describe, expect, test } from "vitest";
import type { Output } from "../../endpoint.ts";
import { fromHex, hex, lossyText, utf8 } from "../../kit/bytes.ts";
import { fernetEncrypt } from "../../kit/fernet.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { chunk, Playbook, send } from "../../testing/playbook.ts";
import { openToken } from "./envelope.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { ends, settings } from "./playbook-settings.ts";
import { readKey } from "./session-key.ts";

const bytesOf = (digits: string): Uint8Array => fromHex(digits) as Uint8Array;

/** The real primitives, with the recording's key and IVs in place of random ones. */
class Scripted extends CryptoRecorder {
  readonly #draws: Uint8Array[];

  constructor(draws: readonly string[]) {
    super([], new Random("unused"), "scripted");
    this.#draws = draws.map(bytesOf);
  }

  override random(length: number): Uint8Array {
    const draw = this.#draws.shift();
    if (draw?.length !== length) throw new Error(`the recording holds no such ${length} bytes`);
    return draw;
  }
}

const sent = (outputs: readonly Output[]): readonly string[] =>
  outputs.flatMap((output) => (output.kind === "transmit" ? [hex(output.bytes)] : []));

const named = recording.exchanges.map((e) => [`layout=${e.layout}, IV ${e.bobIvs[0]}`, e] as const);

describe.each(named)("%s", (_name, exchange) => {
  const { layout, key, keyBytes, aliceIvs, bobIvs, rounds } = exchange;
  const play = (end: "client" | "server", draws: readonly string[]): Playbook =>
    new Playbook({ ...settings, options: { layout, fresh: "mono" } }).open(end, {
      crypto: new Scripted(draws),
    });

  test("our Bob sends byte for byte what Python's did, and takes its confirmations", () => {
    const bob = play("client", bobIvs)
      .in("client", { kind: "connected", peer: ends.server })
      .in("client", chunk(key, ends.server));
    for (const { ms, text, token, ack, intact } of rounds) {
      expect(sent(bob.handle("client", send(text), ms))).toEqual([token]);
      const told = bob.handle("client", chunk(bytesOf(ack), ends.server), ms);
      expect(told.flatMap((o) => (o.kind === "confirm" ? [lossyText(o.message)] : []))).toEqual(
        intact ? [text] : [],
      );
      // The hash that came back was cut at the wrong place: Bob would wait for ever.
      if (!intact) return;
    }
  });

  test("our Alice reads what Python's did, and confirms byte for byte alike", () => {
    const alice = play("server", [keyBytes, ...aliceIvs]);
    const first = alice.handle("server", { kind: "connected", peer: ends.client });
    expect(sent(first)).toEqual([hex(utf8(key))]);
    for (const { ms, token, got, ack, intact, dated } of rounds) {
      const outputs = alice.handle("server", chunk(bytesOf(token), ends.client), ms);
      expect(sent(outputs)).toEqual([ack]);
      expect(outputs.flatMap((o) => (o.kind === "deliver" ? [hex(o.message)] : []))).toEqual([got]);
      const alarms = outputs.filter((o) => o.kind === "alarm").map((o) => o.text);
      expect(alarms.filter((text) => text.startsWith("this may have been"))).toHaveLength(
        intact ? 0 : 1,
      );
      expect(alarms.filter((text) => text.startsWith("no date"))).toHaveLength(dated ? 0 : 1);
    }
  });

  test("a message that does not open ends the program", () => {
    const alice = play("server", [keyBytes, ...aliceIvs]);
    alice.in("server", { kind: "connected", peer: ends.client });
    for (const { ms, token } of rounds) {
      alice.in("server", chunk(bytesOf(token), ends.client), ms);
    }
    expect(alice.fate("server")).toBe("waits");
    const { endsWith, endsMs } = exchange;
    if (endsWith === undefined || endsMs === undefined) return;
    // Its date lay outside and was too short, so that the token was cut into.
    expect([layout, endsMs % 1000]).toEqual(["out", 0]);
    alice.in("server", chunk(bytesOf(endsWith), ends.client), endsMs);
    expect(alice.fate("server")).toContain("crash InvalidToken");
  });

  test("on a whole second the date is short, and the receiver cuts into what follows", () => {
    for (const { ms, text, got, dated } of rounds) {
      expect(dated).toBe(ms % 1000 !== 0);
      if (dated) expect(got).toBe(hex(utf8(text)));
    }
  });
});

describe("what no honest end sends", () => {
  const crypto = new CryptoRecorder([], new Random("interop"), "interop");

  test.each(recording.tokens.rows)("the token $token is read as in Python", (row) => {
    const content = openToken(crypto, utf8(recording.tokens.key), bytesOf(row.token));
    const found = content === undefined ? { raises: "InvalidToken" } : { text: hex(content) };
    expect(found).toEqual(row.raises === undefined ? { text: row.text } : { raises: row.raises });
  });

  test("two tokens that arrive as one: the second is lost, or both are", () => {
    const { rows } = recording.tokens;
    const twice = rows.filter((a) =>
      rows.some((b) => b.token !== "" && a.token === b.token + b.token),
    );
    const outcomes = new Set(twice.map((row) => row.raises ?? "only the first"));
    expect(outcomes).toEqual(new Set(["InvalidToken", "only the first"]));
  });

  test.each(recording.keys)("the key $key is taken as in Python", (row) => {
    const attempt = (): string => {
      const key = readKey(crypto, bytesOf(row.key));
      return lossyText(fernetEncrypt(new Scripted(["00".repeat(16)]), key, 1, utf8("test")));
    };
    if (row.raises !== undefined) expect(attempt).toThrow(row.raises);
    else expect(attempt()).toBe(row.token);
  });
});
