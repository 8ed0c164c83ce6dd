/** A protocol whose ends count frames, and do not say so. */
import type { Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import type { TransportName } from "../../protocol/transport.ts";
import { deliver, type Handler, tiny } from "./tiny.ts";

const [hello, sealed, offer, data, greeting, ignore] = [1, 2, 3, 4, 5, 9];
const nonceBytes = 12;
const framed = (type: number, body: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(body.length + 1, type), body);

/** Frames with their types, of bytes that hold whole ones. */
function framesIn(bytes: Uint8Array): readonly (readonly [number, Uint8Array])[] {
  const found: (readonly [number, Uint8Array])[] = [];
  for (let at = 0; at + 1 < bytes.length; ) {
    const end = at + 1 + (bytes[at] as number);
    found.push([bytes[at + 1] as number, bytes.slice(at + 2, end)]);
    at = end;
  }
  return found;
}

/**
 * The server offers, sealed, a better suite than the old one. Numbers are not sent: both ends count
 * all frames. Frames of one other kind, which have two bytes, are forgotten.
 * @param sound do numbers begin again with the key?
 * @param greetings so many sealed frames come before the offer.
 */
export function counting(transport: TransportName, sound: boolean, greetings = 0): Protocol {
  const nonce = (n: number): Uint8Array => uintBytes(n, nonceBytes);
  const server = ({ crypto }: Env, shared: Uint8Array): Handler => {
    let sent = 0;
    let to = "";
    const key = crypto.random(nonceBytes);
    const frame = (body: Uint8Array): Output => {
      const k = crypto.hkdf({
        hash: "sha256",
        key: shared,
        salt: key,
        info: utf8("k"),
        length: 16,
      });
      const bytes = framed(sealed, crypto.seal("aes-gcm", k, nonce(sent++), body));
      return { kind: "transmit", bytes, to };
    };
    return (input) => {
      if (input.kind === "send") return [frame(concat(Uint8Array.of(data), input.message))];
      if (input.kind !== "chunk") return [];
      to = input.from;
      sent = sound ? 0 : 1;
      return [
        { kind: "transmit", bytes: framed(hello, key), to },
        ...Array.from({ length: greetings }, () => frame(Uint8Array.of(greeting))),
        frame(Uint8Array.of(offer)),
        { kind: "ready" },
      ];
    };
  };
  const client = ({ crypto }: Env, shared: Uint8Array): Handler => {
    let received = 0;
    let best = "old";
    let key: Uint8Array | undefined;
    let over = false;
    const take = ([type, body]: readonly [number, Uint8Array]): readonly Output[] => {
      const n = received++;
      if (over || (type === ignore && body.length === 2)) return [];
      if (type === hello && key === undefined) {
        key = crypto.hkdf({ hash: "sha256", key: shared, salt: body, info: utf8("k"), length: 16 });
        if (sound) received = 0;
        return [];
      }
      const open = key && type === sealed ? crypto.open("aes-gcm", key, nonce(n), body) : undefined;
      over = open === undefined;
      if (open === undefined) return [{ kind: "reject", reason: "bad-tag" }, { kind: "close" }];
      if (open[0] === offer) best = "new";
      if (open[0] !== data) return [];
      return [{ kind: "negotiated", suite: best, best: "new" }, deliver(open.slice(1), "bob")];
    };
    return (input) => {
      if (input.kind === "connected") return [{ kind: "transmit", bytes: Uint8Array.of(1, 0) }];
      return input.kind === "chunk" ? framesIn(input.bytes).flatMap(take) : [];
    };
  };
  return tiny({
    client: () => () => [],
    server: () => () => [],
    sessions: [{ start: 0, messages: say("server", "first of all", "and then", "at last") }],
    protocol: {
      transport,
      deploy({ crypto }) {
        const shared = crypto.random(32);
        return {
          open: (role, env) => ({ handle: (role === "client" ? client : server)(env, shared) }),
          longTermSecrets: () => [shared],
        };
      },
    },
  });
}
