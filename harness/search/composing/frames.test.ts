/** Messages in frames: sums for errors, and bytes written as texts, are no obstacle. */
import { expect, test } from "vitest";
import { checksum } from "../../../attacker/checksums.ts";
import type { Endpoint, Input, Output, Protocol } from "../../../protocol/endpoint.ts";
import { concat, equalBytes, fromHex, hex, text, utf8 } from "../../../protocol/kit/bytes.ts";
import { bundledSubject } from "../../input/bundled-protocols.ts";
import { parseProtocolName } from "../../input/protocol-reference.ts";
import { subjectFor } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

interface Frame {
  put(body: Uint8Array): Uint8Array;
  /** The body; `undefined` if the sum is wrong. */
  take(packet: Uint8Array): Uint8Array | undefined;
}

const frames: Readonly<Record<string, Frame>> = {
  "at the end": {
    put: (body) => concat(body, checksum("crc-32", body)),
    take(packet) {
      const [body, sum] = [packet.slice(0, -4), packet.slice(-4)];
      return equalBytes(sum, checksum("crc-32", body)) ? body : undefined;
    },
  },
  "behind a type": {
    put: (body) => concat(Uint8Array.of(0x7e), checksum("crc-16-modbus", body).reverse(), body),
    take(packet) {
      const body = packet.slice(3);
      const sum = checksum("crc-16-modbus", body).reverse();
      return packet[0] === 0x7e && equalBytes(packet.slice(1, 3), sum) ? body : undefined;
    },
  },
  "as text within text": {
    put: (body) => utf8(Buffer.from(JSON.stringify({ body: hex(body) })).toString("base64url")),
    take(packet) {
      const inner = Buffer.from(text(packet) ?? "", "base64url").toString();
      return /^{"body":"[0-9a-f]*"}$/.test(inner) ? fromHex(inner.slice(9, -2)) : undefined;
    },
  },
};

/** The same protocol on a link with frames. */
function framed(protocol: Protocol, { put, take }: Frame): Protocol {
  const wrapped = (inner: Endpoint): Endpoint => ({
    handle(input: Input, now): readonly Output[] {
      const body = input.kind === "datagram" ? take(input.bytes) : undefined;
      if (input.kind === "datagram" && body === undefined) {
        return [{ kind: "reject", reason: "malformed" }];
      }
      const outputs = inner.handle(
        body === undefined ? input : ({ ...input, bytes: body } as Input),
        now,
      );
      return outputs.map((o) => (o.kind === "transmit" ? { ...o, bytes: put(o.bytes) } : o));
    },
    deadline: () => inner.deadline?.(),
  });
  return {
    ...protocol,
    deploy(context) {
      const deployment = protocol.deploy(context);
      return { ...deployment, open: (role, env) => wrapped(deployment.open(role, env)) };
    },
  };
}

const guarantees = ["client-authentication"];

test.each(
  Object.keys(frames).flatMap(
    (place) =>
      [
        [place, "needham-schroeder", guarantees],
        [place, "needham-schroeder-lowe", []],
      ] as const,
  ),
)("%s: %s", (place, name, expected) => {
  const { protocol, options } = bundledSubject(parseProtocolName(name));
  const subject = subjectFor(framed(protocol, frames[place] as Frame), options);
  const campaign = new Campaign(subject, { seed: "mallory", guarantees });
  compose(campaign, { work: expected.length === 0 ? 20_000 : 60_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
});
