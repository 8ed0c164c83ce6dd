/** All guarantees, in the order in which reports show them. A new one is one line here. */
import { clientAuthentication, serverAuthentication } from "./authentication.ts";
import { boundedState } from "./bounded-state.ts";
import { confidentiality } from "./confidentiality.ts";
import { delivery } from "./delivery.ts";
import { downgrade } from "./downgrade.ts";
import { forwardSecrecy } from "./forward-secrecy.ts";
import type { Guarantee } from "./guarantee.ts";
import { honestAcknowledgement } from "./honest-acknowledgement.ts";
import { identityHiding } from "./identity-hiding.ts";
import { integrity } from "./integrity.ts";
import { kci } from "./kci.ts";
import { keyAgreement } from "./key-agreement.ts";
import { keySecrecy } from "./key-secrecy.ts";
import { lengthHiding } from "./length-hiding.ts";
import { messageBudget } from "./message-budget.ts";
import { nonRepudiation } from "./non-repudiation.ts";
import { nonceUniqueness } from "./nonce-uniqueness.ts";
import { ordering } from "./ordering.ts";
import { origin } from "./origin.ts";
import { passwordProtection } from "./password-protection.ts";
import { replay } from "./replay.ts";
import { replayAcrossSessions } from "./replay-across-sessions.ts";
import { responderIdentity } from "./responder-identity.ts";
import { robustness } from "./robustness.ts";
import { safeParsing } from "./safe-parsing.ts";
import { truncation } from "./truncation.ts";

export const guarantees: readonly Guarantee[] = [
  confidentiality,
  integrity,
  origin,
  replay,
  replayAcrossSessions,
  ordering,
  truncation,
  serverAuthentication,
  clientAuthentication,
  keyAgreement,
  keySecrecy,
  forwardSecrecy,
  kci,
  downgrade,
  identityHiding,
  responderIdentity,
  delivery,
  honestAcknowledgement,
  robustness,
  boundedState,
  nonRepudiation,
  nonceUniqueness,
  messageBudget,
  lengthHiding,
  passwordProtection,
  safeParsing,
];
