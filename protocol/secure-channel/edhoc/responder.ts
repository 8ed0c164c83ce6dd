/**
 * The responder of EDHOC. Each step takes what the one before returned and changes nothing, so
 * that a step that fails has not happened.
 *
 * @see RFC 9528 §5.2.3, §5.3.2, §5.4.3 and §5.5.2
 */
import type { RejectReason } from "../../endpoint.ts";
import { equalBytes } from "../../kit/bytes.ts";
import { publicKeyBytes, type Suite, suiteOf } from "../suites.ts";
import { encodeId } from "./cbor.ts";
import { keystream2, nextTranscript, prk2e, transcript2 } from "./key-schedule.ts";
import {
  decodeCiphertext,
  decodeMessage1,
  decodePlaintext,
  encodeCiphertext,
  encodeMessage2,
  encodePlaintext,
  type Message1,
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

export interface Asked extends Message1 {
  readonly suite: Suite;
  readonly message1: Uint8Array;
}

/** The initiator prefers a suite that we have to the one it selected, or selected none of ours. */
export interface WrongSuite {
  /** SUITES_R: what we have. */
  readonly suites: readonly number[];
}

/** What a responder goes along with. */
export interface Supported {
  readonly methods: readonly Method[];
  /** In any order. */
  readonly suites: readonly number[];
}

/**
 * message_1. An initiator selects the first suite of its list that it believes the responder to
 * have. If an earlier one would have done, an attacker misled it.
 * @see RFC 9528 §5.2.3, §6.3
 */
export function readMessage1(
  { defences }: Setup,
  { methods, suites: own }: Supported,
  message1: Uint8Array,
): Asked | WrongSuite | RejectReason {
  const asked = decodeMessage1(message1);
  if (asked === undefined) return "malformed";
  // A key is for one method: to sign with a Diffie-Hellman key would give it away.
  if (!methods.includes(asked.method)) return "unauthorized";
  const selected = asked.suites.at(-1) ?? -1;
  const suite = suiteOf(selected);
  const earlier = asked.suites.slice(0, -1).some((s) => own.includes(s));
  if (suite === undefined || !own.includes(selected)) return { suites: own };
  if (earlier && defences["suite-list"]) return { suites: own };
  return asked.gX.length === publicKeyBytes ? { ...asked, suite, message1 } : "malformed";
}

export interface Answering {
  readonly cR: Uint8Array;
  readonly ead?: Uint8Array;
  /** Y, where it is not to be drawn here. */
  readonly ephemeral?: Uint8Array;
}

export interface Answered extends Half {
  readonly message2: Uint8Array;
}

/** message_2. @returns why there is no answer to message_1, if there is none. */
export function composeMessage2(
  setup: Setup,
  asked: Asked,
  { cR, ead = empty, ephemeral }: Answering,
): Answered | RejectReason {
  const { crypto, own, defences } = setup;
  const { suite, gX, cI } = asked;
  // With one identifier for both, records of the one could pass for the other's.
  if (equalBytes(cI, cR)) return "unauthorized";
  const pair =
    ephemeral === undefined
      ? sharePair(crypto, suite.curve)
      : { privateKey: ephemeral, publicKey: shareOf(crypto, suite.curve, ephemeral) };
  const gXY = sharedSecret(crypto, suite.curve, pair.privateKey, gX);
  if (gXY === undefined) return "bad-key";
  const th2 = transcript2(crypto, pair.publicKey, boundMessage1(asked.message1, defences));
  const prk = prk2e(crypto, th2, gXY);
  const statics = { privateKey: own.privateKey, share: gX };
  const prk3e2m = authenticationKey(setup, "MAC_2", asked, prk, th2, statics);
  if (prk3e2m === undefined) return "bad-key";
  const covered = { connection: encodeId(cR), th: th2, credential: own, ead };
  const signatureOrMac = prove(setup, "MAC_2", asked, macKey(setup, prk, prk3e2m), covered);
  const plaintext = encodePlaintext({ cR, id: own.id, signatureOrMac, ead });
  const ciphertext = crypto.xor(plaintext, keystream2(crypto, prk, th2, plaintext.length));
  const { method } = asked;
  return {
    method,
    suite,
    cI,
    cR,
    prk3e2m,
    ephemeral: pair.privateKey,
    th3: nextTranscript(crypto, th2, plaintext, own),
    message2: encodeMessage2(pair.publicKey, ciphertext),
  };
}

/** message_3: the initiator is who it says. @returns why it is discarded, if it is. */
export function verifyMessage3(
  setup: Setup,
  answered: Answered,
  message3: Uint8Array,
): Settled | RejectReason {
  const { crypto, find } = setup;
  const { suite, prk3e2m, th3, ephemeral } = answered;
  const ciphertext = decodeCiphertext(message3);
  if (ciphertext === undefined) return "malformed";
  const plaintext = openMessage(crypto, 3, suite, [prk3e2m, th3], ciphertext);
  if (plaintext === undefined) return "bad-tag";
  const inner = decodePlaintext(plaintext, false);
  if (inner === undefined) return "malformed";
  const { id, signatureOrMac, ead } = inner;
  const peer = find(id);
  if (peer === undefined) return "unknown-peer";
  const pair = { privateKey: ephemeral, share: peer.publicKey };
  const prk4e3m = authenticationKey(setup, "MAC_3", answered, prk3e2m, th3, pair);
  if (prk4e3m === undefined) return "bad-key";
  const covered = { th: th3, credential: peer, ead };
  const key = macKey(setup, prk3e2m, prk4e3m);
  const wrong = disprove(setup, "MAC_3", answered, key, covered, signatureOrMac);
  return wrong ?? settle(setup, answered, prk4e3m, plaintext, peer, peer);
}

/** message_4, which confirms the secret. */
export function composeMessage4(
  { crypto }: Setup,
  { suite, prk4e3m, th4 }: Settled,
  ead: Uint8Array = empty,
): Uint8Array {
  return encodeCiphertext(sealMessage(crypto, 4, suite, [prk4e3m, th4], ead));
}
