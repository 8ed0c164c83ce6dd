/** The bundled protocols. A new one is one file (or folder) and one line here. */
import { aliceBob } from "./cases/alice-bob/alice-bob.ts";
import { chatsecure } from "./cases/chatsecure/chatsecure.ts";
import { objectSecurity } from "./cases/object-security/object-security.ts";
import { securecom } from "./cases/securecom/securecom.ts";
import { smartIot } from "./cases/smart-iot/smart-iot.ts";
import type { Protocol } from "./endpoint.ts";
import { secureChannelLogin } from "./secure-channel/login/secure-channel-login.ts";
import { secureChannelRelay } from "./secure-channel/relay/secure-channel-relay.ts";
import { secureChannel } from "./secure-channel/secure-channel.ts";
import { andrew } from "./textbook/andrew.ts";
import { cbcRecords } from "./textbook/cbc-records.ts";
import { denningSaccoPk } from "./textbook/denning-sacco-pk.ts";
import { groupChat } from "./textbook/group-chat.ts";
import { hashedLogin } from "./textbook/hashed-login.ts";
import { macEvidence } from "./textbook/mac-evidence.ts";
import { naxos } from "./textbook/naxos.ts";
import { needhamSchroeder, needhamSchroederLowe } from "./textbook/needham-schroeder.ts";
import { needhamSchroederSymmetric } from "./textbook/needham-schroeder-symmetric.ts";
import { neumanStubblebine } from "./textbook/neuman-stubblebine.ts";
import { noise } from "./textbook/noise/noise.ts";
import { oneSided } from "./textbook/one-sided.ts";
import { otwayRees } from "./textbook/otway-rees.ts";
import { plainDiffieHellman } from "./textbook/plain-diffie-hellman.ts";
import { preshared } from "./textbook/preshared/preshared.ts";
import { reflection } from "./textbook/reflection.ts";
import { remoteControl } from "./textbook/remote-control.ts";
import { shortStrings } from "./textbook/short-strings.ts";
import { signedDh } from "./textbook/signed-dh.ts";
import { statement } from "./textbook/statement.ts";
import { stationToStation } from "./textbook/station-to-station.ts";
import { suiteChoice } from "./textbook/suite-choice.ts";
import { weakGenerator } from "./textbook/weak-generator.ts";
import { wideMouthedFrog } from "./textbook/wide-mouthed-frog.ts";
import { wooLam } from "./textbook/woo-lam.ts";

export const protocols: readonly Protocol[] = [
  objectSecurity,
  chatsecure,
  smartIot,
  securecom,
  aliceBob,
  secureChannel,
  secureChannelRelay,
  secureChannelLogin,
  preshared,
  groupChat,
  hashedLogin,
  needhamSchroeder,
  needhamSchroederLowe,
  plainDiffieHellman,
  stationToStation,
  signedDh,
  naxos,
  noise,
  needhamSchroederSymmetric,
  oneSided,
  remoteControl,
  otwayRees,
  weakGenerator,
  wideMouthedFrog,
  reflection,
  suiteChoice,
  macEvidence,
  statement,
  cbcRecords,
  wooLam,
  neumanStubblebine,
  andrew,
  denningSaccoPk,
  shortStrings,
];

/**
 * Assessed only when they are named: their runs are long, and need very many attacks; or they are
 * there for one guarantee, or for how something is said, which their scenarios show.
 */
export const byNameOnly: readonly Protocol[] = [
  secureChannelRelay,
  noise,
  naxos,
  needhamSchroederSymmetric,
  cbcRecords,
  statement,
  groupChat,
  oneSided,
  remoteControl,
  weakGenerator,
  wooLam,
  neumanStubblebine,
  andrew,
  denningSaccoPk,
  shortStrings,
];
