/**
 * Deals what all parties have from the start: the server's certificate, the guest's published key,
 * and the users' accounts. Users are enrolled beforehand, in person: there is no registration.
 */
import { type DeployEnv, type Env, MisuseError, type Principal } from "../../endpoint.ts";
import { equalBytes, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { findAccount, register } from "../accounts.ts";
import { issue } from "../certificate.ts";
import { Directory } from "../directory.ts";
import { kidCredential, type OwnCredential } from "../edhoc/credential.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { Identity } from "../identity.ts";
import { allDefences, suitesOf } from "../settings.ts";
import type { PasswordWork } from "../spake2plus.ts";
import { bestSuite } from "../suites.ts";
import { CardFile, issueCard } from "./cards.ts";
import type { LoginHostOptions } from "./login-host.ts";
import type { Account, LoginUserOptions } from "./login-user.ts";

export const serverName = "bob";
const guestName = "guest";
const guestKid = 0;
const serverKid = 1;
const issuer = "mallory lab root";
/** Ten years. */
const validitySeconds = 315_360_000;
const firstSerial = 0x30_00_01;
/** As weak as the simulation is quick. */
const work: PasswordWork = "toy";
const keyBytes = 32;
/** What people choose. */
const passwords = ["opal sunrise 41", "walnut harbour", "seven grey geese", "copper kettle 9"];

const suites = suitesOf({});
const { curve } = bestSuite(suites);

interface User extends Account {
  readonly principal: Principal;
}

export interface Dealt {
  readonly users: readonly User[];
  readonly server: {
    readonly secrets: readonly Uint8Array[];
    /** What it certifies devices with, and signs nothing else. */
    readonly issuingKey: Uint8Array;
  };
  readonly publicValues: readonly Uint8Array[];
  host(env: Env): Omit<LoginHostOptions, "settings">;
  user(env: Env): Omit<LoginUserOptions, "settings">;
}

interface Keys {
  readonly statics: KeyPair;
  readonly signing: KeyPair;
  readonly own: OwnCredential;
  readonly listed: { readonly kid: number; readonly bytes: Uint8Array };
}

function dealKeys({ crypto }: DeployEnv, root: KeyPair, subject: string, kid: number): Keys {
  const [statics, signing] = [sharePair(crypto, curve), crypto.signingKeyPair()];
  const keys = { curve, staticKey: statics.publicKey, signingKey: signing.publicKey };
  const times = { from: 0, until: validitySeconds, serial: firstSerial + kid };
  const { bytes } = issue(crypto, root, { subject, ...keys, ...times, issuer });
  const own = { id: kidCredential(Uint8Array.of(kid)), credential: bytes, ...statics };
  return { statics, signing, own, listed: { kid, bytes } };
}

/** All principals but the server have an account with it. The accounts go to its store. */
function enrol({ crypto, principals, store }: DeployEnv): readonly User[] {
  const accounts = store(serverName, "accounts");
  return principals
    .filter((principal) => principal !== serverName)
    .map((principal, i): User => {
      const [user, password] = [utf8(principal), utf8(passwords[i % passwords.length] ?? "")];
      accounts.append(register(crypto, work, user, password, utf8(serverName)));
      return { principal, user, password, signing: crypto.signingKeyPair() };
    });
}

export function dealAccounts(about: DeployEnv): Dealt {
  const { crypto, store } = about;
  const root = crypto.signingKeyPair();
  const guest = dealKeys(about, root, guestName, guestKid);
  const server = dealKeys(about, root, serverName, serverKid);
  const users = enrol(about);
  const cards = users.map((u) => issueCard(crypto, root, u.user, u.signing.publicKey));
  const [fakeKey, countKey] = [crypto.random(keyBytes), crypto.random(keyBytes)];
  const stored = store(serverName, "accounts").read();
  const verifiers = users.flatMap((u) => {
    const verifier = findAccount(stored, u.user)?.verifier;
    return verifier === undefined ? [] : [verifier.w0, verifier.pointL];
  });
  /** Guests know only the server, and the server knows only guests. */
  const identity = (env: Env, { own }: Keys, { listed }: Keys): Identity => {
    const trusted = { name: issuer, publicKey: root.publicKey };
    const directory = new Directory(env.crypto, trusted, [listed]);
    return { own, directory, defences: allDefences, suites };
  };
  return {
    users,
    server: {
      secrets: [server.statics.privateKey, fakeKey, countKey, ...verifiers],
      issuingKey: server.signing.privateKey,
    },
    publicValues: [
      root.publicKey,
      guest.statics.privateKey,
      ...[guest, server].flatMap((k) => [k.listed.bytes, k.statics.publicKey]),
    ],
    host: (env) => ({
      identity: identity(env, server, guest),
      issuing: server.signing,
      fakeKey,
      countKey,
      cards: new CardFile(env.crypto, root.publicKey, cards),
      ownerOf: (user) => users.find((u) => equalBytes(u.user, user))?.principal,
    }),
    user(env) {
      const account = users.find((u) => u.principal === env.self);
      if (account === undefined) throw new MisuseError(`${env.self} has no account`);
      return { identity: identity(env, guest, server), account, work };
    },
  };
}
