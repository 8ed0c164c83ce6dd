/** LOGIN and SIG frames that a broken or malicious peer has altered: every one is refused. */
import { expect, test } from "vitest";
import { utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { register } from "../accounts.ts";
import type { DataFrame, Frame, LoginFrame, SignatureFrame } from "../frames.ts";
import { Inbox } from "../inbox.ts";
import { allLoginDefences } from "../login.ts";
import { ClientLogin } from "../login-client.ts";
import { ServerLogin } from "../login-server.ts";
import { Outbox } from "../outbox.ts";
import { evidenceFrom, signMessage } from "../signing.ts";
import { Throttle } from "../throttle.ts";

const kit = (seed: string) => new CryptoRecorder([], new Random(seed), seed);
const [user, server, password] = [utf8("alice"), utf8("bob"), utf8("opal sunrise 41")];
const stored = register(kit("deploy"), "toy", user, password, server);

/** One byte less, and one bit of each byte the other way. */
function* alterations(body: Uint8Array): Iterable<Uint8Array> {
  if (body.length > 0) yield body.slice(0, -1);
  for (const at of body.keys()) {
    yield body.map((byte, i) => (i === at ? byte ^ (1 << (at & 7)) : byte));
  }
}

/** A whole login, but for the `nth` frame. @returns how it ends at either end. */
function login(nth: number, alter: (frame: LoginFrame) => LoginFrame) {
  const both = { server, exported: utf8("a channel"), defences: allLoginDefences };
  const throttle = new Throttle(kit("count"), kit("count key").random(32));
  const about = { crypto: kit("server"), accounts: () => stored, fakeKey: kit("fake").random(32) };
  const here = new ServerLogin({ ...both, ...about, throttle, from: "alice:1" });
  const own = { crypto: kit("client"), user, password, attempt: 0, jitter: 1 };
  const there = new ClientLogin({ ...both, ...own, work: "toy" });
  const frames: LoginFrame[] = [];
  const passed = (frame: LoginFrame): LoginFrame =>
    frames.push(frame) - 1 === nth ? alter(frame) : frame;
  for (let i = 0; i < 4 && there.result === undefined; i++) {
    const sent = there.due(i * 1e6);
    if (sent === undefined) break;
    const answer = here.receive(passed(sent), 0);
    if (typeof answer === "string" || there.receive(passed(answer)) !== undefined) break;
  }
  return { frames, client: there.result?.ok === true, server: here.result !== undefined };
}

test("a login of eight frames succeeds", () => {
  const { frames, client, server: there } = login(-1, (f) => f);
  expect(frames.map((f) => f.body.length)).toEqual([5, 16, 33, 33, 0, 32, 32, 1]);
  expect([client, there]).toEqual([true, true]);
});

test.each([0, 1, 2, 3, 5, 6, 7])("no login succeeds with frame %i altered", (nth) => {
  const body = login(-1, (f) => f).frames[nth]?.body ?? new Uint8Array(0);
  for (const other of alterations(body)) {
    const { client, server: there } = login(nth, (f) => ({ ...f, body: other }));
    // Only the last frame comes when the server is done.
    expect([client, there]).toEqual([false, nth === 7]);
  }
});

test("nor with a step in the place of another", () => {
  for (let nth = 0; nth < 8; nth++) {
    for (let bit = 0; bit < 8; bit++) {
      const { client } = login(nth, (f) => ({ ...f, step: f.step ^ (1 << bit) }));
      expect(client).toBe(false);
    }
  }
});

const signing = kit("signing").signingKeyPair();
const room = 44;
/** All frames of one signed message. */
function signed(message: Uint8Array): readonly Frame[] {
  const outbox = new Outbox(room, 1);
  const statement = { sender: user, recipient: server, id: outbox.nextId, timeMs: 1 };
  outbox.push(message, signMessage(kit("s"), signing.privateKey, statement, message));
  return outbox.due(0);
}
const inbox = (): Inbox =>
  new Inbox({
    signed: true,
    check: ({ id, message, signature = new Uint8Array(0) }) =>
      evidenceFrom(
        kit("v"),
        signing.publicKey,
        { sender: user, recipient: server, id },
        message,
        signature,
      ),
  });
const accept = (box: Inbox, frames: readonly Frame[]) =>
  frames.flatMap((f) => box.accept(f as DataFrame | SignatureFrame));

test("a signed message comes with its evidence, in any order of its frames", () => {
  const frames = signed(utf8("forty crates"));
  expect(frames.map((f) => f.kind)).toEqual(["data", "signature", "signature"]);
  for (const order of [frames, frames.toReversed()]) {
    const [message, ...more] = accept(inbox(), order);
    expect(message?.evidence?.length).toBe(114);
    expect(more).toEqual([]);
  }
});

test("one with a frame altered is neither delivered nor acknowledged, and may come again", () => {
  const frames = signed(utf8("forty crates"));
  for (const nth of frames.keys()) {
    const frame = frames[nth] as DataFrame | SignatureFrame;
    for (const body of alterations(frame.body)) {
      const box = inbox();
      expect(accept(box, frames.with(nth, { ...frame, body }))).toEqual([]);
      expect([box.ackDue, box.kept]).toEqual([false, 0]);
      expect(accept(box, frames).length).toBe(1);
    }
  }
});

test("nor is one under another number: evidence is for one message", () => {
  const frames = signed(utf8("forty crates")).map((f) => ({ ...f, id: 2 }) as Frame);
  const box = inbox();
  accept(box, signed(utf8("")));
  expect(accept(box, frames)).toEqual([]);
});
