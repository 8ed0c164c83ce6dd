/**
 * The initiator of EDHOC. Each step takes what the one before returned and changes nothing, so
 * that a step that fails has not happened.
 *
 * @see RFC 9528 §5.2.1, §5.3.3, §5.4.2 and §5.5.3
 */
import type { RejectReason } from "../../endpoint.ts";
import { equalBytes } from "../../kit/bytes.ts";
import type { Suite } from "../suites.ts";
import { encodeId } from "./cbor.ts";
import type { Credential } from "./credential.ts";
import { keystream2, nextTranscript, prk2e, transcript2 } from "./key-schedule.ts";
import {
  decodeCiphertext,
  decodeEad,
  decodeMessage2,
  decodePlaintext,
  encodeCiphertext,
  encodeMessage1,
  encodePlaintext,
  type Method,
} from "./messages.ts";
import {
  authenticationKey,
  disprove,
  type Half,
  macKey,
  openMessage,
  prove,
  type Settled,
  type Setup,
  sealMessage,
  settle,
} from "./session.ts";
import { sharedSecret, shareOf, sharePair } from "./shares.ts";
import { boundMessage1 } from "./suite-list.ts";

const empty = new Uint8Array(0);

export interface Opening {
  readonly method: Method;
  /** In order of preference, up to the one selected, which is the last and is `suite`. */
  readonly suites: readonly number[];
  readonly suite: Suite;
  readonly cI: Uint8Array;
  readonly ead?: Uint8Array;
  /** X, where it is not to be drawn here. */
  readonly ephemeral?: Uint8Array;
}

export interface Initiated {
  readonly method: Method;
  readonly suite: Suite;
  readonly cI: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly message1: Uint8Array;
}

export function initiate({ crypto }: Setup, opening: Opening): Initiated {
  const { method, suites, suite, cI, ead = empty } = opening;
  const pair =
    opening.ephemeral === undefined
      ? sharePair(crypto, suite.curve)
      : {
          privateKey: opening.ephemeral,
          publicKey: shareOf(crypto, suite.curve, opening.ephemeral),
        };
  const message1 = encodeMessage1({ method, suites, gX: pair.publicKey, cI, ead });
  return { method, suite, cI, ephemeral: pair.privateKey, message1 };
}

/** The responder is known to be the one that `peer` is the credential of. */
export interface ResponderVerified extends Half {
  readonly peer: Credential;
  readonly gY: Uint8Array;
}

/** message_2. @returns why it is discarded, if it is. */
export function verifyMessage2(
  setup: Setup,
  initiated: Initiated,
  message2: Uint8Array,
): ResponderVerified | RejectReason {
  const { crypto, find, defences } = setup;
  const { suite, cI, ephemeral, message1 } = initiated;
  const received = decodeMessage2(message2);
  if (received === undefined) return "malformed";
  const { gY, ciphertext } = received;
  const gXY = sharedSecret(crypto, suite.curve, ephemeral, gY);
  if (gXY === undefined) return "bad-key";
  const th2 = transcript2(crypto, gY, boundMessage1(message1, defences));
  const prk = prk2e(crypto, th2, gXY);
  const plaintext = crypto.xor(ciphertext, keystream2(crypto, prk, th2, ciphertext.length));
  const inner = decodePlaintext(plaintext, true);
  if (inner?.cR === undefined) return "malformed";
  const { cR, id, signatureOrMac, ead } = inner;
  // With one identifier for both, records of the one could pass for the other's.
  if (equalBytes(cI, cR)) return "unauthorized";
  const peer = find(id);
  if (peer === undefined) return "unknown-peer";

  const pair = { privateKey: ephemeral, share: peer.publicKey };
  const prk3e2m = authenticationKey(setup, "MAC_2", initiated, prk, th2, pair);
  if (prk3e2m === undefined) return "bad-key";
  const covered = { connection: encodeId(cR), th: th2, credential: peer, ead };
  const key = macKey(setup, prk, prk3e2m);
  const wrong = disprove(setup, "MAC_2", initiated, key, covered, signatureOrMac);
  if (wrong !== undefined) return wrong;
  const th3 = nextTranscript(crypto, th2, plaintext, peer);
  return { ...initiated, cR, prk3e2m, th3, peer, gY };
}

/** message_3. From here on the session's secret is there; that the responder has it is not. */
export function composeMessage3(
  setup: Setup,
  verified: ResponderVerified,
  ead: Uint8Array = empty,
): Settled & { readonly message3: Uint8Array } {
  const { crypto, own } = setup;
  const { suite, th3, prk3e2m, gY } = verified;
  const pair = { privateKey: own.privateKey, share: gY };
  // The responder's share was good for the ephemeral key; it is for any other.
  const prk4e3m = authenticationKey(setup, "MAC_3", verified, prk3e2m, th3, pair) ?? prk3e2m;
  const covered = { th: th3, credential: own, ead };
  const signatureOrMac = prove(setup, "MAC_3", verified, macKey(setup, prk3e2m, prk4e3m), covered);
  const plaintext = encodePlaintext({ id: own.id, signatureOrMac, ead });
  const sealed = sealMessage(crypto, 3, suite, [prk3e2m, th3], plaintext);
  const settled = settle(setup, verified, prk4e3m, plaintext, own, verified.peer);
  return { ...settled, message3: encodeCiphertext(sealed) };
}

/** message_4: the responder has the secret too. @returns why it is discarded, if it is. */
export function verifyMessage4(
  { crypto, defences }: Setup,
  { suite, prk4e3m, th4 }: Settled,
  message4: Uint8Array,
): RejectReason | undefined {
  const ciphertext = decodeCiphertext(message4);
  if (ciphertext === undefined) return "malformed";
  const plaintext = openMessage(crypto, 4, suite, [prk4e3m, th4], ciphertext);
  if (plaintext === undefined) return defences.confirmation ? "bad-tag" : undefined;
  return decodeEad(plaintext) === undefined ? "malformed" : undefined;
}
