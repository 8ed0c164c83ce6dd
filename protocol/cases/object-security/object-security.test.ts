import { describe, expect, test } from "vitest";
import { MisuseError } from "../../endpoint.ts";
import { concat, lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { curve, sessionKey } from "./handshake.ts";
import { objectSecurity } from "./object-security.ts";
import { openPair, sealPair } from "./pair.ts";
import { settingsOf } from "./settings.ts";
import {
  addresses,
  converse,
  datagram,
  delivered,
  type Options,
  open,
  type Passing,
  type Tamper,
  told,
} from "./test-bench.ts";

const message = utf8("Psst, sensor: a word, ok?");

describe("an honest session", () => {
  test("as a playbook", () => {
    expect(converse([message]).lines).toEqual([
      "server >> start",
      "server << log starting",
      "server << log up, waiting for a client",
      "client >> start",
      "client << log starting",
      "client << log up",
      "client << transmit 5",
      "client << log sent to the server: Hello",
      "client << log starting the handshake",
      "client << log received the server's public key",
      "server >> datagram 5 from alice:40000",
      "server << log [alice:40000]: Hello",
      "server << log starting the handshake",
      "server << log sent own public key",
      "server << claim running alice",
      "server << transmit 49 to alice:40000",
      "server << log received the client's public key",
      "client >> datagram 49 from bob:5004",
      "client << log sent own public key",
      "client << claim running bob",
      "client << transmit 49",
      "server >> datagram 49 from alice:40000",
      "server << log computing the shared key",
      "server << log deriving the session key",
      "server << claim secret alice",
      "server << log handshake done",
      "client >> timeout",
      "client << log computing the shared key",
      "client << log deriving the session key",
      "client << claim secret bob",
      "client << log handshake done",
      "client << submit login admin",
      "client << transmit 16",
      "client << transmit 8",
      "client << submit login supersafepw",
      "client << transmit 16",
      "client << transmit 16",
      "server >> datagram 16 from alice:40000",
      "server >> datagram 8 from alice:40000",
      "server >> datagram 16 from alice:40000",
      "server >> datagram 16 from alice:40000",
      "server << deliver login admin (alice)",
      "server << deliver login supersafepw (alice)",
      "server << claim commit alice",
      "server << submit login Successful authentication",
      "server << transmit 16 to alice:40000",
      "server << transmit 36 to alice:40000",
      "server << log alice:40000 successfully authenticated",
      "client >> datagram 16 from bob:5004",
      "client >> datagram 36 from bob:5004",
      "client << deliver login Successful authentication (bob)",
      "client << log [SERVER]: Successful authentication",
      "client << claim commit bob",
      "client << ready 1",
      "client >> send",
      "client << transmit 16",
      "client << transmit 36",
      "client << exit content",
      "server >> datagram 16 from alice:40000",
      "server >> datagram 36 from alice:40000",
      "server << deliver message Psst, sensor: a word, ok? (alice)",
      "server << log [alice:40000]: Psst, sensor: a word, ok?",
      "server << exit content",
    ]);
  });

  test.each(["8", "128"])("seg=%s: eleven datagrams, IVs of 16 letters and digits", (seg) => {
    const { wire, ends } = converse([message], { seg });
    const sizes = wire.map((bytes) => bytes.length);
    expect(sizes).toEqual([5, 49, 49, 16, 8, 16, 16, 16, 36, 16, 36]);
    for (const at of [3, 5, 7, 9]) {
      expect(Buffer.from(wire[at] as Uint8Array).toString("latin1")).toMatch(/^[A-Za-z0-9]{16}$/);
    }
    expect(ends).toEqual({ client: "exit content", server: "exit content" });
  });

  test("both ends derive one key, and claim it after the points and before the login", () => {
    const { outputs } = converse([message]);
    const values = (["client", "server"] as const).map((party) =>
      outputs[party].flatMap((o) =>
        o.kind === "claim" && o.claim.kind === "secret" ? [o.claim.value] : [],
      ),
    );
    expect(values[0]).toHaveLength(1);
    expect(values[0]).toEqual(values[1]);
    const kinds = outputs.client.map((o) => (o.kind === "claim" ? o.claim.kind : o.kind));
    const sent = kinds.slice(0, kinds.indexOf("secret")).filter((kind) => kind === "transmit");
    expect(sent).toHaveLength(2);
  });

  test("loop=true carries several messages and ends neither process", () => {
    const texts = ["one", "two", "three"];
    const session = converse(texts.map(utf8), { loop: "true" });
    const received = delivered(session, "server").slice(2);
    expect(received).toEqual(["message one", "message two", "message three"]);
    expect(session.ends).toEqual({ client: "waits", server: "waits" });
  });

  test("the workload: distinct messages, one of them beyond the limit and the last", () => {
    for (const loop of ["false", "true"]) {
      const sessions = objectSecurity.workload?.({ seg: "8", loop }).sessions ?? [];
      const sizes = sessions.map((s) => s.messages.map((m) => m.message.length));
      expect(sizes).toEqual(loop === "true" ? [[8, 25, 48]] : [[8], [25], [48], [60]]);
    }
  });

  test("one slot is taken from the greeting to the login", () => {
    const server = open("server");
    server.handle({ kind: "start" }, 0);
    expect(server.stateSize?.()).toBe(0);
    server.handle(datagram(utf8("x")), 0);
    expect(server.stateSize?.()).toBe(1);
  });

  test("misuse by the application is told as such", () => {
    const client = open("client");
    client.handle({ kind: "start" }, 0);
    expect(() => client.handle({ kind: "send", message }, 0)).toThrow(MisuseError);
    expect(() => open("server").handle({ kind: "timeout" }, 0)).toThrow(MisuseError);
  });
});

/** From the `nth` datagram on nothing passes; at the end the server receives `then(all)`. */
const insteadOf = (nth: number, then: (bytes: Uint8Array[]) => readonly Uint8Array[]): Tamper => {
  const seen: Uint8Array[] = [];
  return (n, passing) => {
    seen.push(passing.bytes);
    if (n < nth) return [passing];
    return n === 11 ? then(seen).map(forged) : [];
  };
};
const forged = (bytes: Uint8Array): Passing => ({ to: "server", bytes, from: "mallory:6666" });
const at = (seen: readonly Uint8Array[], nth: number): Uint8Array => seen[nth - 1] as Uint8Array;
const base64 = (bytes: Uint8Array): Uint8Array => utf8(Buffer.from(bytes).toString("base64"));
const raw = (ascii: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(ascii).toString("latin1"), "base64"));
const accepted = (text: string, options: Options, tamper: Tamper): readonly string[] =>
  delivered(converse([utf8(text)], options, tamper), "server").slice(2);

describe("nothing is authenticated but the login", () => {
  test("the password pair passes for the message, from any address", () => {
    const session = converse(
      [message],
      {},
      insteadOf(10, (d) => [at(d, 6), at(d, 7)]),
    );
    expect(delivered(session, "server").at(-1)).toBe("message supersafepw");
    expect(session.lines).toContain("server << log [alice:40000]: supersafepw");
  });

  test("the server's own reply passes for the client's message", () => {
    const reflected = accepted(
      "hi",
      {},
      insteadOf(10, (d) => [at(d, 8), at(d, 9)]),
    );
    expect(reflected).toEqual(["message Successful authentication"]);
  });

  test.each(["", "!!!!", "===="])("an empty message needs no key: %j", (text) => {
    const iv = utf8("0123456789abcdef");
    expect(
      accepted(
        "hi",
        {},
        insteadOf(10, () => [iv, utf8(text)]),
      ),
    ).toEqual(["message "]);
  });

  test("seg=8: a constant run is accepted for about half of the bytes", () => {
    let count = 0;
    for (let c = 0; c < 256; c++) {
      const run = [new Uint8Array(16).fill(c), base64(new Uint8Array(8).fill(c))];
      const [text] = accepted(
        "hi",
        {},
        insteadOf(10, () => run),
      );
      if (text === undefined) continue;
      count++;
      expect(text).toMatch(/^message (.)\1{7}$/su);
    }
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(156);
  });

  test("seg=8: the middle of a message is a message", () => {
    const cut = insteadOf(10, (d) => {
      const stream = concat(at(d, 10), raw(at(d, 11)));
      return [stream.slice(7, 23), base64(stream.slice(23))];
    });
    expect(accepted("do not open valve 1", {}, cut)).toEqual(["message open valve 1"]);
  });

  test("seg=128: the middle of a message from a whole block on is a message", () => {
    const cut = insteadOf(10, (d) => {
      const stream = concat(at(d, 10), raw(at(d, 11)));
      return [stream.slice(16, 32), base64(stream.slice(32))];
    });
    const text = "I will not ever, open valve 1";
    expect(accepted(text, { seg: "128" }, cut)).toEqual([`message ${text.slice(16)}`]);
  });

  test.each(["8", "128"])("seg=%s: a flipped bit in the last byte arrives as such", (seg) => {
    const flip = insteadOf(10, (d) => {
      const data = raw(at(d, 11));
      data[data.length - 1] = (data.at(-1) as number) ^ 1;
      return [at(d, 10), base64(data)];
    });
    expect(accepted("valve 1", { seg }, flip)).toEqual(["message valve 0"]);
  });

  test("a recorded login means nothing to another session: the server crashes on it", () => {
    const recorded = converse([message]).wire.slice(3, 7);
    for (let seed = 1; seed <= 20; seed++) {
      const session = converse([message], { seed: `${seed}` }, (nth, passing) =>
        nth < 4 ? [passing] : nth === 4 ? recorded.map(forged) : [],
      );
      expect(delivered(session, "server")).toEqual([]);
      expect(session.ends.server).toMatch(/^crash UnicodeDecodeError/);
    }
  });

  test.each(["8", "128"])("seg=%s: whoever swaps both points reads and writes all", (seg) => {
    const crypto = new CryptoRecorder([], new Random("mallory"), "mallory");
    const { mode } = settingsOf({ seg, loop: "false" });
    const own = crypto.keyPair(curve);
    const seen: Uint8Array[] = [];
    const read: string[] = [];
    const session = converse([message], { seg }, (nth, passing) => {
      seen.push(passing.bytes);
      if (nth === 1) return [passing];
      if (nth <= 3) return [{ ...passing, bytes: own.publicKey }];
      if (nth % 2 === 0) return [];
      const withServer = sessionKey(crypto, own.privateKey, at(seen, 2));
      const withClient = sessionKey(crypto, own.privateKey, at(seen, 3));
      const fromServer = passing.to === "client";
      const [theirs, others] = fromServer ? [withServer, withClient] : [withClient, withServer];
      const clear = openPair(crypto, mode, theirs, at(seen, nth - 1), at(seen, nth));
      read.push(lossyText(clear));
      const written = nth === 11 ? utf8("now do as I say") : clear;
      return sealPair(crypto, mode, others, written).map((bytes) => ({ ...passing, bytes }));
    });
    const granted = "Successful authentication";
    expect(read).toEqual(["admin", "supersafepw", granted, lossyText(message)]);
    expect(delivered(session, "server").at(-1)).toBe("message now do as I say");
    expect(session.ends).toEqual({ client: "exit content", server: "exit content" });
  });
});

describe("one datagram ends the program", () => {
  const crash = (inputs: readonly Uint8Array[], role: "client" | "server" = "server"): string => {
    const endpoint = open(role);
    endpoint.handle({ kind: "start" }, 0);
    try {
      for (const bytes of inputs) endpoint.handle(datagram(bytes), 0);
    } catch (error) {
      return (error as Error).message;
    }
    return "alive";
  };
  const point = converse([message]).wire[2] as Uint8Array;
  const iv = utf8("0123456789abcdef");

  test("a stray greeting, then the genuine one", () => {
    expect(crash([utf8("x")])).toBe("alive");
    expect(crash([utf8("x"), utf8("Hello")])).toBe("ValueError: not a point of secp384r1");
  });

  test("malformed datagrams", () => {
    const padding = "binascii.Error: incorrect padding";
    expect(crash([Uint8Array.of(0xff)])).toMatch(/^UnicodeDecodeError/);
    expect(crash([utf8("x"), new Uint8Array(0)])).toMatch(/^ValueError/);
    expect(crash([utf8("x"), point, utf8("short"), utf8("AAAA")])).toMatch(/^ValueError: IV of 5/);
    expect(crash([utf8("x"), point, iv, utf8("AAA")])).toBe(padding);
    expect(crash([utf8("x"), point, iv, base64(new Uint8Array(30))])).toMatch(/^UnicodeDecodeErr/);
  });

  test("a bad IV is noticed only with the datagram behind it", () => {
    expect(crash([utf8("x"), point, utf8("short")])).toBe("alive");
  });

  test("the client answers a rubbish point with its own, and crashes a second later", () => {
    const client = open("client");
    client.handle({ kind: "start" }, 0);
    const outputs = client.handle(datagram(utf8("rubbish")), 5);
    expect(outputs.map(told)).toContain("transmit 49");
    expect(client.deadline?.()).toBe(1005);
    expect(() => client.handle({ kind: "timeout" }, 1005)).toThrow("not a point");
  });

  test("what reaches a sleeping client is read once the password has left", () => {
    const client = open("client");
    client.handle({ kind: "start" }, 0);
    client.handle(datagram(point), 0);
    for (const bytes of [utf8("short"), utf8("AAAA"), utf8("late")]) {
      expect(client.handle(datagram(bytes), 500)).toEqual([]);
    }
    const login = client.handle({ kind: "timeout" }, 1000).map(told);
    expect(login.filter((line) => line.startsWith("transmit"))).toHaveLength(4);
    expect(client.deadline?.()).toBe(1000);
    expect(() => client.handle({ kind: "timeout" }, 1000)).toThrow("IV of 5 bytes");
  });

  test("a wrong password: the server gives up, and is gone for everybody", () => {
    const session = converse([message], {}, (nth, passing) =>
      nth === 6 ? [] : nth === 7 ? [forged(iv), forged(utf8("!!!!"))] : [passing],
    );
    expect(session.ends).toEqual({ client: "exit login refused", server: "exit login refused" });
    expect(delivered(session, "server")).toEqual([]);
    expect(delivered(session, "client")).toEqual(["login Unsuccessful authentication"]);
    expect(session.lines).toContain("server << log alice:40000 unsuccessfully authenticated");
  });
});

/** How a session ends for both, in one word each: exit, crash or wait. */
const fates = (tamper: Tamper): string => {
  const { ends } = converse([message], {}, tamper);
  const word = (end: string): string => (end === "waits" ? "wait" : (end.split(" ")[0] as string));
  return `${word(ends.client)}/${word(ends.server)}`;
};

describe("an ordinary network is enough", () => {
  test("one lost datagram, by position: client/server", () => {
    const lose = (lost: number) => fates((nth, passing) => (nth === lost ? [] : [passing]));
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(lose)).toEqual([
      "wait/wait",
      "wait/wait",
      "wait/crash",
      "wait/crash",
      "wait/crash",
      "wait/wait",
      "wait/wait",
      "wait/wait",
      "wait/wait",
      "exit/wait",
      "exit/wait",
    ]);
  });

  test("one duplicated datagram, by position: client/server", () => {
    const twice = (n: number) =>
      fates((nth, passing) => (nth === n ? [passing, passing] : [passing]));
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(twice)).toEqual([
      "wait/crash",
      "crash/wait",
      "wait/crash",
      "wait/crash",
      "wait/crash",
      "wait/crash",
      "exit/crash",
      "crash/wait",
      "exit/exit",
      "exit/crash",
      "exit/exit",
    ]);
  });

  test("a swapped pair is a refused login, a swapped half a crash", () => {
    const held: Passing[] = [];
    const late =
      (first: number, last: number, put: (held: Passing[]) => Passing[]): Tamper =>
      (nth, passing) => {
        if (nth < first || nth > last) return [passing];
        held.push(passing);
        return nth === last ? put(held.splice(0)) : [];
      };
    expect(fates(late(4, 7, ([a, b, c, d]) => [c, d, a, b] as Passing[]))).toBe("exit/exit");
    expect(fates(late(4, 5, ([a, b]) => [b, a] as Passing[]))).toBe("wait/crash");
  });

  test("a message above 48 bytes arrives as its first 48, and is taken for the whole", () => {
    const text = "unlock the yard door for the cleaners at six pm, not before.";
    const session = converse([utf8(text)]);
    expect(session.wire.at(-1)).toHaveLength(80);
    expect(delivered(session, "server").at(-1)).toBe(`message ${text.slice(0, 48)}`);
    expect(session.ends).toEqual({ client: "exit content", server: "exit content" });
  });

  test("a character cut in two crashes the server", () => {
    const { ends } = converse([utf8(`${"n".repeat(47)}é`)]);
    expect(ends).toEqual({
      client: "exit content",
      server: "crash UnicodeDecodeError: the text is not valid UTF-8",
    });
  });
});

describe("what strangers get", () => {
  const greeted = (bytes: Uint8Array): readonly string[] => {
    const server = open("server");
    server.handle({ kind: "start" }, 0);
    return server.handle(datagram(bytes, addresses.client), 0).map(told);
  };

  test("a line of their own in the log", () => {
    const lines = greeted(utf8("Hello\nbob:1 successfully authenticated"));
    expect(lines[0]).toBe("log [alice:40000]: Hello\nbob:1 successfully authenticated");
  });

  test("49 bytes to an address of their choice, for none", () => {
    expect(greeted(new Uint8Array(0))).toContain("transmit 49 to alice:40000");
  });
});

describe("repairs", () => {
  const all: Options = {
    keys: "signed",
    cipher: "gcm",
    errors: "discard",
    greeting: "full",
    length: "refused",
    padding: "blocks",
    console: "escaped",
  };
  const got = (session: ReturnType<typeof converse>) => delivered(session, "server").slice(2);
  const alone = Object.entries(all).map(([name, value]): Options => ({ [name]: value as string }));

  test.each([...alone, all, { ...all, loop: "true" }])("%o carry a message", (options) => {
    const session = converse([message], options);
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
    for (const bytes of session.wire) expect(bytes.length).toBeLessThanOrEqual(64);
  });

  test("all of them: a greeting, two points, a signature, four texts, of one length each", () => {
    const { wire, ends } = converse([message], all);
    expect(wire.map((bytes) => bytes.length)).toEqual([64, 49, 49, 64, 64, 64, 64, 64]);
    expect(ends).toEqual({ client: "exit content", server: "waits" });
  });

  test("keys=signed: a point that the server has not signed is none of its", () => {
    const other = converse([message], { seed: "1" }).wire[1] as Uint8Array;
    const swapped: Tamper = (nth, passing) =>
      nth === 2 ? [{ ...passing, bytes: other }] : [passing];
    expect(converse([message], { keys: "signed" }, swapped).ends.client).toBe(
      "crash InvalidSignature",
    );
    const discarding = converse([message], { keys: "signed", errors: "discard" }, swapped);
    expect(discarding.lines).toContain("client << reject");
    expect(discarding.outputs.client.some((o) => o.kind === "submit")).toBe(false);
  });

  test("points and a greeting in others' names change nothing: keys=signed, errors=discard", () => {
    const other = converse([message], { seed: "1" }).wire[2] as Uint8Array;
    const session = converse([message], all, (nth, passing) =>
      nth === 2 || nth === 3 ? [{ ...passing, bytes: other }, passing] : [passing],
    );
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
    const greeted = converse([message], all, (nth, passing) =>
      nth === 1 ? [passing, passing] : [passing],
    );
    expect(got(greeted)).toEqual([`message ${lossyText(message)}`]);
  });

  test("cipher=gcm: no flip, no second time, no other direction; a lost text is skipped", () => {
    const texts = ["one", "two", "three"].map(utf8);
    const options = { cipher: "gcm", errors: "discard", loop: "true" };
    // 4 and 5 log in, 6 answers, 7 to 9 are the texts.
    const session = (tamper: Tamper) => got(converse(texts, options, tamper));
    const flipped = (p: Passing): Passing => ({ ...p, bytes: p.bytes.map((b) => b ^ 1) });
    expect(session((nth, p) => (nth === 8 ? [flipped(p)] : [p]))).toEqual([
      "message one",
      "message three",
    ]);
    expect(session((_, p) => [p, p])).toEqual(["message one", "message two", "message three"]);
    const reply: Passing[] = [];
    const reflected: Tamper = (nth, p) => {
      if (nth === 6) reply.push({ ...p, to: "server", from: addresses.client });
      return nth === 7 ? [...reply, p] : [p];
    };
    expect(session(reflected)).toEqual(["message one", "message two", "message three"]);
  });

  test("errors=discard: a refused login ends nothing, and strangers take sixteen places", () => {
    const server = open("server", { errors: "discard" });
    server.handle({ kind: "start" }, 0);
    for (let n = 0; n < 40; n++) server.handle(datagram(utf8("x"), `s${n}:1`), 0);
    expect(server.stateSize?.()).toBe(16);
    expect(server.handle(datagram(Uint8Array.of(0xff), "late:1"), 0).map(told)).toEqual(["reject"]);
    expect(server.stateSize?.()).toBe(16);
    const seen: Uint8Array[] = [];
    const refused = converse([message], { errors: "discard" }, (nth, p) => {
      seen.push(p.bytes);
      return [nth === 6 || nth === 7 ? { ...p, bytes: at(seen, nth - 2) } : p];
    });
    expect(refused.ends).toEqual({ client: "exit login refused", server: "waits" });
  });

  test("greeting=full: nothing shorter is answered", () => {
    const server = open("server", { greeting: "full", errors: "discard" });
    server.handle({ kind: "start" }, 0);
    expect(server.handle(datagram(utf8("Hello")), 0).map(told)).toEqual(["reject"]);
  });

  test("length=refused: the user is told, and may say something shorter", () => {
    const long = utf8("unlock the yard door for the cleaners at six pm, not before.");
    const session = converse([long, message], { length: "refused" });
    expect(session.lines).toContain("client << give-up");
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
  });

  test("console=escaped: a greeting stays in its line", () => {
    const server = open("server", { console: "escaped" });
    server.handle({ kind: "start" }, 0);
    const outputs = server.handle(datagram(utf8("Hello\nx")), 0).map(told);
    expect(outputs[0]).toBe('log [mallory:6666]: "Hello\\nx"');
  });
});
