/** RFC 8613 appendix C: whatever does not depend on CoAP. */
import { describe, expect, test } from "vitest";
import { concat, hex } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { readVectors, unhex } from "../kit/vectors/load.ts";
import {
  associatedData,
  counterOf,
  type DirectionKeys,
  nonceOf,
  partialIv,
  type SecurityContext,
  securityContext,
} from "./oscore.ts";
import { type Aead, suiteOf } from "./suites.ts";

type Fields = Readonly<Record<string, string>>;
const { vectors } = readVectors<{ vectors: Record<string, { fields: Fields }> }>(
  "oscore/rfc8613-appendix-c.json",
);
const names = Object.keys(vectors);
const fieldsOf = (prefix: string): Fields =>
  Object.entries(vectors).find(([name]) => name.startsWith(prefix))?.[1].fields ?? {};
const bytes = (value: string | undefined) => unhex((value ?? "").replace(/^0x/, ""));
const [kidField, nonceField, aadField] = ["kid", "nonce", "AAD"] as const;
const [textField, sealedField] = ["plaintext", "ciphertext"] as const;
const aead = suiteOf(0)?.applicationAead as Aead;

const crypto = new CryptoRecorder([], new Random("oscore"), "test");
const context = (fields: Fields): SecurityContext =>
  securityContext(crypto, {
    masterSecret: bytes(fields["Master Secret"]),
    masterSalt: bytes(fields["Master Salt"]),
    ...(fields["ID Context"] === undefined ? {} : { idContext: bytes(fields["ID Context"]) }),
    senderId: bytes(fields["Sender ID"]),
    recipientId: bytes(fields["Recipient ID"]),
    aead,
  });

test.each(names.filter((n) => /^C\.[123]/.test(n)))("keys and nonces of %s", (name) => {
  const fields = fieldsOf(name);
  const { send, receive } = context(fields);
  const first = partialIv(0);
  const got = [send.key, receive.key, send.commonIv, nonceOf(send, first), nonceOf(receive, first)];
  const wanted = ["Sender Key", "Recipient Key", "Common IV", "sender nonce", "recipient nonce"];
  expect(got.map((b) => `0x${hex(b)}`)).toEqual(wanted.map((w) => fields[w]));
});

describe.each(names.filter((n) => /^C\.[45678]/.test(n)))("%s", (name) => {
  const fields = fieldsOf(name);
  const keys: DirectionKeys = {
    aead,
    id: bytes(fields["Sender ID"]),
    key: bytes(fields["encryption key"]),
    commonIv: bytes(fields["Common IV"]),
  };
  // A response has the associated data of its request, and without a Partial IV also the nonce.
  const request = fieldsOf("C.4");
  const isRequest = fields["Partial IV"] !== undefined && fields[kidField] !== undefined;
  const kid = isRequest ? keys.id : bytes(request["Sender ID"]);
  const askedIv = bytes(isRequest ? fields["Partial IV"] : request["Partial IV"]);
  const nonce = name.startsWith("C.7")
    ? nonceOf({ ...keys, id: kid }, askedIv)
    : nonceOf(keys, fields["Partial IV"] === undefined ? askedIv : bytes(fields["Partial IV"]));
  const aad = associatedData(aead, kid, askedIv);

  test("nonce, associated data and ciphertext", () => {
    expect(`0x${hex(nonce)}`).toBe(fields[nonceField]);
    if (isRequest) expect(`0x${hex(aad)}`).toBe(fields[aadField]);
    const sealed = crypto.seal(aead.name, keys.key, nonce, bytes(fields[textField]), aad);
    expect(`0x${hex(sealed)}`).toBe(fields[sealedField]);
    expect(crypto.open(aead.name, keys.key, nonce, sealed, aad)).toEqual(bytes(fields[textField]));
  });
});

test("counters have one encoding each", () => {
  for (const counter of [0, 1, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 40 - 1]) {
    expect(counterOf(partialIv(counter))).toBe(counter);
    const longer = concat(Uint8Array.of(0), partialIv(counter));
    expect(counterOf(longer)).toBeUndefined();
  }
  expect(counterOf(new Uint8Array(0))).toBeUndefined();
  expect(() => partialIv(2 ** 40)).toThrow("is no counter");
});

test("no two senders and no two counters have the same nonce", () => {
  const seen = new Set<string>();
  const all = [0, 4, 6].flatMap((id) => {
    const other = suiteOf(id)?.applicationAead as Aead;
    const { commonIv } = context(fieldsOf("C.1.1")).send;
    return [[], [0], [1], [255]].flatMap((sender) =>
      [0, 1, 255, 256, 65_535].map((counter) => {
        const keys = { aead: other, id: Uint8Array.from(sender), key: commonIv, commonIv };
        return `${other.nonceBytes} ${hex(nonceOf(keys, partialIv(counter)))} ${other.name}`;
      }),
    );
  });
  for (const nonce of all) seen.add(nonce);
  expect(seen.size).toBe(all.length);
});
