/** Deals keys and certificates to all that have an address: the users, and the relay. */
import { type DeployEnv, type Env, MisuseError, type Principal } from "../../endpoint.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { issue } from "../certificate.ts";
import { Directory, type Listed, type Root } from "../directory.ts";
import { kidCredential } from "../edhoc/credential.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { Identity } from "../identity.ts";
import { allDefences, suitesOf } from "../settings.ts";
import { bestSuite } from "../suites.ts";
import { MailAddresses } from "./mail.ts";

const issuer = "mallory lab root";
/** Ten years. */
const validitySeconds = 315_360_000;
const firstSerial = 0x20_00_01;

const suites = suitesOf({});
export const { curve, applicationAead } = bestSuite(suites);

interface Party {
  readonly name: Principal;
  readonly statics: KeyPair;
  readonly signing: KeyPair;
  readonly listed: Listed;
}

export interface Parties {
  readonly all: readonly Party[];
  readonly root: Root;
  readonly book: MailAddresses;
  /**
   * What a party proves itself with, in either layer.
   * @param directory whom it knows; by default all parties.
   */
  identity(env: Pick<Env, "self" | "crypto">, directory?: Directory): Identity;
}

type Dealing = Pick<DeployEnv, "crypto" | "principals">;
export function dealParties({ crypto, principals }: Dealing): Parties {
  if (principals.length > 256) throw new MisuseError("a kid has one byte");
  const rootKeys = crypto.signingKeyPair();
  const root: Root = { name: issuer, publicKey: rootKeys.publicKey };
  const all = principals.map((name, kid): Party => {
    const [statics, signing] = [sharePair(crypto, curve), crypto.signingKeyPair()];
    const keys = { curve, staticKey: statics.publicKey, signingKey: signing.publicKey };
    const times = { from: 0, until: validitySeconds, serial: firstSerial + kid };
    const { bytes } = issue(crypto, rootKeys, { subject: name, ...keys, ...times, issuer });
    return { name, statics, signing, listed: { kid, bytes } };
  });
  return {
    all,
    root,
    book: new MailAddresses(principals),
    identity({ self, crypto: own }, known) {
      const party = all.find((p) => p.name === self);
      if (party === undefined) throw new MisuseError(`${self} has no certificate`);
      const { kid, bytes } = party.listed;
      const everybody = all.map((p) => p.listed);
      return {
        own: { id: kidCredential(Uint8Array.of(kid)), credential: bytes, ...party.statics },
        directory: known ?? new Directory(own, root, everybody),
        defences: allDefences,
        suites,
      };
    },
  };
}
