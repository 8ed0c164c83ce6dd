import * as fc from "fast-check";
import { expect, test } from "vitest";
import { concat, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { aeadOpen, aeadSeal } from "./aead.ts";
import { curvePublicKey, curveSharedSecret } from "./curves.ts";
import { boxKey } from "./secretbox.ts";

type Name =
  | "alicePrivate"
  | "alicePublic"
  | "bobPrivate"
  | "bobPublic"
  | "shared"
  | "firstKey"
  | "nonce"
  | "message"
  | "box";
const vectors = readVectors<Readonly<Record<Name, string>>>("nacl-box.json");
const value = (name: Name): Uint8Array => unhex(vectors[name]);

test("Cryptography in NaCl: from private keys to the box, seen from both sides", () => {
  for (const [own, ownPublic, peer] of [
    ["alicePrivate", "alicePublic", "bobPublic"],
    ["bobPrivate", "bobPublic", "alicePublic"],
  ] as const) {
    expect(hex(curvePublicKey("x25519", value(own)))).toBe(vectors[ownPublic]);
    const shared = curveSharedSecret("x25519", value(own), value(peer)) ?? new Uint8Array();
    expect(hex(shared)).toBe(vectors.shared);
    const key = boxKey(shared);
    expect(hex(key)).toBe(vectors.firstKey);
    const box = aeadSeal("xsalsa20-poly1305", key, value("nonce"), value("message"));
    expect(hex(box)).toBe(vectors.box);
    const opened = aeadOpen("xsalsa20-poly1305", key, value("nonce"), value("box"));
    expect(opened && hex(opened)).toBe(vectors.message);
  }
});

test("a key does not depend on where the secret lies, and the secret stays as it is", () => {
  const anySecret = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(anySecret, fc.nat(7), (secret, offset) => {
      const moved = concat(new Uint8Array(offset), secret).subarray(offset);
      const key = boxKey(moved);
      expect(key).toHaveLength(32);
      expect(key).toEqual(boxKey(secret));
      expect(moved).toEqual(secret);
    }),
  );
});

test("a secret of another length is misuse", () => {
  for (const size of [0, 16, 31, 33]) {
    expect(() => boxKey(new Uint8Array(size))).toThrow(MisuseError);
  }
});
