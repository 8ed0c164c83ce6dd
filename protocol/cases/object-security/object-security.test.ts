import { describe, expect, test } from "vitest";
import { MisuseError } from "../../endpoint.ts";
import { concat, lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import {
  type Arrival,
  datagram,
  type Network,
  Playbook,
  type Sent,
  send,
  timeout,
} from "../../testing/playbook.ts";
import { instead } from "../../testing/wire.ts";
import { curve, sessionKey } from "./handshake.ts";
import { objectSecurity } from "./object-security.ts";
import { openPair, sealPair } from "./pair.ts";
import { ends, settings } from "./playbook-settings.ts";
import { settingsOf } from "./settings.ts";

type Options = Readonly<Record<string, string>>;
type Party = keyof typeof ends;
const message = utf8("Psst, sensor: a word, ok?");
const stranger = "mallory:6666";

/** Both ends, until nothing moves; another `seed` gives other keys and IVs. */
function converse(
  messages: readonly Uint8Array[],
  options: Options = {},
  network?: Network,
  seed = "0",
): Playbook {
  const play = new Playbook({ ...settings, options, network, seed });
  for (const text of messages) play.say("client", text);
  return play.open("server").open("client").run();
}
/** One end by itself. */
const alone = (end: Party, options: Options = {}): Playbook =>
  new Playbook({ ...settings, options }).open(end);
/** Index 0 is datagram 1 of the flow. */
const wire = (play: Playbook): readonly Uint8Array[] => play.packets().map((p) => p.bytes);
/** What one end delivered, logins among it. */
const delivered = (play: Playbook, end: Party): readonly string[] =>
  play.said(end, "deliver").map((o) => `${o.purpose ?? "message"} ${lossyText(o.message)}`);
/** The `nth` datagram of a conversation, from 1. */
const isNth = (nth: number) => (packet: Sent) => packet.index + 1 === nth;

describe("an honest session", () => {
  test("as a playbook", () => {
    converse([message]).goes([
      "server >> start",
      "server << log starting",
      "server << log up, waiting for a client",
      "client >> start",
      "client << log starting",
      "client << log up",
      "client << transmit 5 bytes",
      "client << log sent to the server: Hello",
      "client << log starting the handshake",
      "client << log received the server's public key",
      "server >> datagram 5 bytes from client",
      "server << log [alice:40000]: Hello",
      "server << log starting the handshake",
      "server << log sent own public key",
      "server << claim running alice",
      "server << transmit 49 bytes to client",
      "server << log received the client's public key",
      "client >> datagram 49 bytes from server",
      "client << log sent own public key",
      "client << claim running bob",
      "client << transmit 49 bytes",
      "server >> datagram 49 bytes from client",
      "server << log computing the shared key",
      "server << log deriving the session key",
      "server << claim secret alice",
      "server << log handshake done",
      "client >> timeout",
      "client << log computing the shared key",
      "client << log deriving the session key",
      "client << claim secret bob",
      "client << log handshake done",
      'client << submit login "admin"',
      "client << transmit 16 bytes",
      "client << transmit 8 bytes",
      'client << submit login "supersafepw"',
      "client << transmit 16 bytes",
      "client << transmit 16 bytes",
      "server >> datagram 16 bytes from client",
      "server >> datagram 8 bytes from client",
      "server >> datagram 16 bytes from client",
      "server >> datagram 16 bytes from client",
      'server << deliver login "admin" from alice',
      'server << deliver login "supersafepw" from alice',
      "server << claim commit alice",
      'server << submit login "Successful authentication"',
      "server << transmit 16 bytes to client",
      "server << transmit 36 bytes to client",
      "server << log alice:40000 successfully authenticated",
      "client >> datagram 16 bytes from server",
      "client >> datagram 36 bytes from server",
      'client << deliver login "Successful authentication" from bob',
      "client << log [SERVER]: Successful authentication",
      "client << claim commit bob",
      "client << ready for 1",
      'client >> send "Psst, sensor: a word, ok?"',
      "client << transmit 16 bytes",
      "client << transmit 36 bytes",
      "client << exit ok",
      "server >> datagram 16 bytes from client",
      "server >> datagram 36 bytes from client",
      'server << deliver "Psst, sensor: a word, ok?" from alice',
      "server << log [alice:40000]: Psst, sensor: a word, ok?",
      "server << exit ok",
    ]);
  });

  test.each(["8", "128"])("seg=%s: eleven datagrams, IVs of 16 letters and digits", (seg) => {
    const play = converse([message], { seg });
    const sizes = wire(play).map((bytes) => bytes.length);
    expect(sizes).toEqual([5, 49, 49, 16, 8, 16, 16, 16, 36, 16, 36]);
    for (const at of [3, 5, 7, 9]) {
      expect(Buffer.from(wire(play)[at] as Uint8Array).toString("latin1")).toMatch(
        /^[A-Za-z0-9]{16}$/,
      );
    }
    expect(play.fates).toEqual({ client: "exit ok", server: "exit ok" });
  });

  test("both ends derive one key, and claim it after the points and before the login", () => {
    const play = converse([message]);
    const values = (["client", "server"] as const).map((end) =>
      play.claims(end, "secret").map((claim) => claim.value),
    );
    expect(values[0]).toHaveLength(1);
    expect(values[0]).toEqual(values[1]);
    const kinds = play.outputs
      .filter(({ at }) => at === ends.client)
      .map(({ output: o }) => (o.kind === "claim" ? o.claim.kind : o.kind));
    const sent = kinds.slice(0, kinds.indexOf("secret")).filter((kind) => kind === "transmit");
    expect(sent).toHaveLength(2);
  });

  test("loop=true carries several messages and ends neither process", () => {
    const texts = ["one", "two", "three"];
    const session = converse(texts.map(utf8), { loop: "true" });
    const received = delivered(session, "server").slice(2);
    expect(received).toEqual(["message one", "message two", "message three"]);
    expect(session.fates).toEqual({ client: "waits", server: "waits" });
  });

  test("the workload: distinct messages, one of them beyond the limit and the last", () => {
    for (const loop of ["false", "true"]) {
      const sessions = objectSecurity.workload?.({ seg: "8", loop }).sessions ?? [];
      const sizes = sessions.map((s) => s.messages.map((m) => m.message.length));
      expect(sizes).toEqual(loop === "true" ? [[8, 25, 48]] : [[8], [25], [48], [60]]);
    }
  });

  test("one slot is taken from the greeting to the login", () => {
    const play = alone("server");
    expect(play.endpoint("server").stateSize?.()).toBe(0);
    play.in("server", datagram("x", stranger));
    expect(play.endpoint("server").stateSize?.()).toBe(1);
  });

  test("misuse by the application is told as such", () => {
    expect(() => alone("client").in("client", send(message))).toThrow(MisuseError);
    expect(() => alone("server").in("server", timeout)).toThrow(MisuseError);
  });
});

/** From the `nth` datagram on nothing passes; at the end the server receives `then(all)`. */
const insteadOf = (nth: number, then: (bytes: Uint8Array[]) => readonly Uint8Array[]): Network => {
  const seen: Uint8Array[] = [];
  return (packet) => {
    seen.push(packet.bytes);
    if (packet.index + 1 < nth) return [packet];
    return isNth(11)(packet) ? then(seen).map(forged) : [];
  };
};
const forged = (bytes: Uint8Array): Arrival => ({ from: stranger, to: ends.server, bytes });
const at = (seen: readonly Uint8Array[], nth: number): Uint8Array => seen[nth - 1] as Uint8Array;
const base64 = (bytes: Uint8Array): Uint8Array => utf8(Buffer.from(bytes).toString("base64"));
const raw = (ascii: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(ascii).toString("latin1"), "base64"));
const accepted = (text: string, options: Options, network: Network): readonly string[] =>
  delivered(converse([utf8(text)], options, network), "server").slice(2);

describe("nothing is authenticated but the login", () => {
  test("the password pair passes for the message, from any address", () => {
    const session = converse(
      [message],
      {},
      insteadOf(10, (d) => [at(d, 6), at(d, 7)]),
    );
    expect(delivered(session, "server").at(-1)).toBe("message supersafepw");
    expect(session.lines()).toContain("server << log [alice:40000]: supersafepw");
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
    const recorded = wire(converse([message])).slice(3, 7);
    for (let seed = 1; seed <= 20; seed++) {
      const replay: Network = (p) =>
        p.index < 3 ? [p] : p.index === 3 ? recorded.map(forged) : [];
      const session = converse([message], {}, replay, `${seed}`);
      expect(delivered(session, "server")).toEqual([]);
      expect(session.fate("server")).toMatch(/^crash UnicodeDecodeError/);
    }
  });

  test.each(["8", "128"])("seg=%s: an attacker swaps both points, reads and writes all", (seg) => {
    const crypto = new CryptoRecorder([], new Random("mallory"), "mallory");
    const { mode } = settingsOf({ seg, loop: "false" });
    const own = crypto.keyPair(curve);
    const seen: Uint8Array[] = [];
    const read: string[] = [];
    const session = converse([message], { seg }, (packet) => {
      const nth = packet.index + 1;
      seen.push(packet.bytes);
      if (nth === 1) return [packet];
      if (nth <= 3) return [{ ...packet, bytes: own.publicKey }];
      if (nth % 2 === 0) return [];
      const withServer = sessionKey(crypto, own.privateKey, at(seen, 2));
      const withClient = sessionKey(crypto, own.privateKey, at(seen, 3));
      const fromServer = packet.from === ends.server;
      const [theirs, others] = fromServer ? [withServer, withClient] : [withClient, withServer];
      const clear = openPair(crypto, mode, theirs, at(seen, nth - 1), at(seen, nth));
      read.push(lossyText(clear));
      const written = nth === 11 ? utf8("now do as I say") : clear;
      return sealPair(crypto, mode, others, written).map((bytes) => ({ ...packet, bytes }));
    });
    const granted = "Successful authentication";
    expect(read).toEqual(["admin", "supersafepw", granted, lossyText(message)]);
    expect(delivered(session, "server").at(-1)).toBe("message now do as I say");
    expect(session.fates).toEqual({ client: "exit ok", server: "exit ok" });
  });
});

describe("one datagram ends the program", () => {
  const fate = (inputs: readonly (Uint8Array | string)[]): string => {
    const play = alone("server");
    for (const content of inputs) play.in("server", datagram(content, stranger));
    return play.fate("server");
  };
  const point = wire(converse([message]))[2] as Uint8Array;
  const iv = utf8("0123456789abcdef");

  test("a stray greeting, then the genuine one", () => {
    expect(fate(["x"])).toBe("waits");
    expect(fate(["x", "Hello"])).toBe("crash ValueError: not a point of secp384r1");
  });

  test("malformed datagrams", () => {
    const padding = "crash binascii.Error: incorrect padding";
    expect(fate([Uint8Array.of(0xff)])).toMatch(/^crash UnicodeDecodeError/);
    expect(fate(["x", ""])).toMatch(/^crash ValueError/);
    expect(fate(["x", point, "short", "AAAA"])).toMatch(/^crash ValueError: IV of 5/);
    expect(fate(["x", point, iv, "AAA"])).toBe(padding);
    expect(fate(["x", point, iv, base64(new Uint8Array(30))])).toMatch(/^crash UnicodeDecodeErr/);
  });

  test("a bad IV is noticed only with the datagram behind it", () => {
    expect(fate(["x", point, "short"])).toBe("waits");
  });

  test("the client answers an invalid point with its own, and crashes a second later", () => {
    const play = alone("client");
    const outputs = play.handle("client", datagram("rubbish", stranger), 5);
    expect(play.tell(outputs)).toContain("transmit 49 bytes");
    expect(play.endpoint("client").deadline?.()).toBe(1005);
    play.in("client", timeout, 1005);
    expect(play.fate("client")).toMatch(/^crash .*not a point/);
  });

  test("what reaches a sleeping client is read once the password has left", () => {
    const play = alone("client").in("client", datagram(point, stranger));
    for (const text of ["short", "AAAA", "late"]) {
      expect(play.handle("client", datagram(text, stranger), 500)).toEqual([]);
    }
    const login = play.tell(play.handle("client", timeout, 1000));
    expect(login.filter((line) => line.startsWith("transmit"))).toHaveLength(4);
    expect(play.endpoint("client").deadline?.()).toBe(1000);
    play.in("client", timeout, 1000);
    expect(play.fate("client")).toMatch(/^crash .*IV of 5 bytes/);
  });

  test("a wrong password: the server gives up, and is gone for every client", () => {
    const session = converse([message], {}, (p) =>
      isNth(6)(p) ? [] : isNth(7)(p) ? [forged(iv), forged(utf8("!!!!"))] : [p],
    );
    const refused = "exit because login refused";
    expect(session.fates).toEqual({ client: refused, server: refused });
    expect(delivered(session, "server")).toEqual([]);
    expect(delivered(session, "client")).toEqual(["login Unsuccessful authentication"]);
    expect(session.lines()).toContain("server << log alice:40000 unsuccessfully authenticated");
  });
});

/** How a session ends for both, in one word each: exit, crash or wait. */
const fates = (network: Network): string => {
  const play = converse([message], {}, network);
  const word = (end: string): string => (end === "waits" ? "wait" : (end.split(" ")[0] as string));
  return `${word(play.fate("client"))}/${word(play.fate("server"))}`;
};

describe("an ordinary network is enough", () => {
  test("one lost datagram, by position: client/server", () => {
    const lose = (lost: number) => fates(instead(isNth(lost), () => []));
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
    const twice = (n: number) => fates(instead(isNth(n), (p) => [p, p]));
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
    const held: Sent[] = [];
    const late =
      (first: number, last: number, put: (held: Sent[]) => Sent[]): Network =>
      (packet) => {
        const nth = packet.index + 1;
        if (nth < first || nth > last) return [packet];
        held.push(packet);
        return nth === last ? put(held.splice(0)) : [];
      };
    expect(fates(late(4, 7, ([a, b, c, d]) => [c, d, a, b] as Sent[]))).toBe("exit/exit");
    expect(fates(late(4, 5, ([a, b]) => [b, a] as Sent[]))).toBe("wait/crash");
  });

  test("a message above 48 bytes arrives as its first 48, and is taken for the whole", () => {
    const text = "unlock the yard door for the cleaners at six pm, not before.";
    const session = converse([utf8(text)]);
    expect(wire(session).at(-1)).toHaveLength(80);
    expect(delivered(session, "server").at(-1)).toBe(`message ${text.slice(0, 48)}`);
    expect(session.fates).toEqual({ client: "exit ok", server: "exit ok" });
  });

  test("a character cut in two crashes the server", () => {
    const play = converse([utf8(`${"n".repeat(47)}é`)]);
    expect(play.fates).toEqual({
      client: "exit ok",
      server: "crash UnicodeDecodeError: the text is not valid UTF-8",
    });
  });
});

describe("what unauthenticated senders get", () => {
  const greeted = (bytes: Uint8Array): readonly string[] => {
    const play = alone("server");
    return play.tell(play.handle("server", datagram(bytes, ends.client)));
  };

  test("a line of their own in the log", () => {
    const lines = greeted(utf8("Hello\nbob:1 successfully authenticated"));
    expect(lines[0]).toBe("log [alice:40000]: Hello\nbob:1 successfully authenticated");
  });

  test("49 bytes to an address of their choice, for none", () => {
    expect(greeted(new Uint8Array(0))).toContain("transmit 49 bytes to client");
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
  const got = (session: Playbook) => delivered(session, "server").slice(2);
  const each = Object.entries(all).map(([name, value]): Options => ({ [name]: value as string }));

  test.each([...each, all, { ...all, loop: "true" }])("%o carry a message", (options) => {
    const session = converse([message], options);
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
    for (const bytes of wire(session)) expect(bytes.length).toBeLessThanOrEqual(64);
  });

  test("all of them: a greeting, two points, a signature, four texts, of one length each", () => {
    const play = converse([message], all);
    expect(wire(play).map((bytes) => bytes.length)).toEqual([64, 49, 49, 64, 64, 64, 64, 64]);
    expect(play.fates).toEqual({ client: "exit ok", server: "waits" });
  });

  test("keys=signed: a point that the server has not signed is none of its", () => {
    const [, other = utf8("")] = wire(converse([message], {}, undefined, "1"));
    const swapped = instead(isNth(2), (p) => [{ ...p, bytes: other }]);
    expect(converse([message], { keys: "signed" }, swapped).fate("client")).toBe(
      "crash InvalidSignature",
    );
    const discarding = converse([message], { keys: "signed", errors: "discard" }, swapped);
    expect(discarding.lines().filter((l) => l.startsWith("client << reject"))).not.toEqual([]);
    expect(discarding.said("client", "submit")).toEqual([]);
  });

  test("points and a greeting in others' names change nothing: keys=signed, errors=discard", () => {
    const [, , other = utf8("")] = wire(converse([message], {}, undefined, "1"));
    const session = converse([message], all, (p) =>
      isNth(2)(p) || isNth(3)(p) ? [{ ...p, bytes: other }, p] : [p],
    );
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
    const greeted = converse(
      [message],
      all,
      instead(isNth(1), (p) => [p, p]),
    );
    expect(got(greeted)).toEqual([`message ${lossyText(message)}`]);
  });

  test("cipher=gcm: no flip, no second time, no other direction; a lost text is skipped", () => {
    const texts = ["one", "two", "three"].map(utf8);
    const options = { cipher: "gcm", errors: "discard", loop: "true" };
    // 4 and 5 log in, 6 answers, 7 to 9 are the texts.
    const session = (network: Network) => got(converse(texts, options, network));
    const flipped = (p: Sent): Arrival => ({ ...p, bytes: p.bytes.map((b) => b ^ 1) });
    expect(session(instead(isNth(8), (p) => [flipped(p)]))).toEqual([
      "message one",
      "message three",
    ]);
    expect(session((p) => [p, p])).toEqual(["message one", "message two", "message three"]);
    const reply: Arrival[] = [];
    const reflected: Network = (p) => {
      if (isNth(6)(p)) reply.push({ from: ends.client, to: ends.server, bytes: p.bytes });
      return isNth(7)(p) ? [...reply, p] : [p];
    };
    expect(session(reflected)).toEqual(["message one", "message two", "message three"]);
  });

  test("errors=discard: a refused login ends nothing, and at most sixteen are pending", () => {
    const play = alone("server", { errors: "discard" });
    const size = () => play.endpoint("server").stateSize?.();
    for (let n = 0; n < 40; n++) play.in("server", datagram("x", `s${n}:1`));
    expect(size()).toBe(16);
    const answer = play.handle("server", datagram(Uint8Array.of(0xff), "late:1"));
    expect(answer.map((o) => o.kind)).toEqual(["reject"]);
    expect(size()).toBe(16);
    const seen: Uint8Array[] = [];
    const refused = converse([message], { errors: "discard" }, (p) => {
      seen.push(p.bytes);
      const nth = p.index + 1;
      return [nth === 6 || nth === 7 ? { ...p, bytes: at(seen, nth - 2) } : p];
    });
    expect(refused.fates).toEqual({ client: "exit because login refused", server: "waits" });
  });

  test("greeting=full: nothing shorter is answered", () => {
    const play = alone("server", { greeting: "full", errors: "discard" });
    const answer = play.handle("server", datagram("Hello", stranger));
    expect(answer.map((o) => o.kind)).toEqual(["reject"]);
  });

  test("length=refused: the user is told, and may say something shorter", () => {
    const long = utf8("unlock the yard door for the cleaners at six pm, not before.");
    const session = converse([long, message], { length: "refused" });
    expect(session.lines()).toContain(`client << give-up ${JSON.stringify(lossyText(long))}`);
    expect(got(session)).toEqual([`message ${lossyText(message)}`]);
  });

  test("console=escaped: a greeting stays in its line", () => {
    const play = alone("server", { console: "escaped" });
    const outputs = play.tell(play.handle("server", datagram("Hello\nx", stranger)));
    expect(outputs[0]).toBe('log [mallory:6666]: "Hello\\nx"');
  });
});
