/** All guarantees, in the order in which reports show them. A new one is one line here. */
import { boundedState } from "./bounded-state.ts";
import { confidentiality } from "./confidentiality.ts";
import { delivery } from "./delivery.ts";
import { forwardSecrecy } from "./forward-secrecy.ts";
import type { Guarantee, Unjudged } from "./guarantee.ts";
import { honestAcknowledgement } from "./honest-acknowledgement.ts";
import { identityHiding } from "./identity-hiding.ts";
import { integrity } from "./integrity.ts";
import { keyAgreement } from "./key-agreement.ts";
import { keySecrecy } from "./key-secrecy.ts";
import { lengthHiding } from "./length-hiding.ts";
import { messageBudget } from "./message-budget.ts";
import { nonceUniqueness } from "./nonce-uniqueness.ts";
import { ordering } from "./ordering.ts";
import { origin } from "./origin.ts";
import { passwordProtection } from "./password-protection.ts";
import { replay } from "./replay.ts";
import { replayAcrossSessions } from "./replay-across-sessions.ts";
import { robustness } from "./robustness.ts";
import { safeParsing } from "./safe-parsing.ts";

const lowe = "G. Lowe: A hierarchy of authentication specifications, 1997";

export const guarantees: readonly (Guarantee | Unjudged)[] = [
  confidentiality,
  integrity,
  origin,
  replay,
  replayAcrossSessions,
  ordering,
  {
    id: "server-authentication",
    statement: "Whoever finishes with a server has that server running with it.",
    source: lowe,
    unjudged: true,
  },
  {
    id: "client-authentication",
    statement: "Whoever finishes with a client has that client running with it.",
    source: lowe,
    unjudged: true,
  },
  keyAgreement,
  keySecrecy,
  forwardSecrecy,
  {
    id: "kci",
    statement: "Whoever knows a party's own secret can still not pose as others to it.",
    source: "S. Blake-Wilson, D. Johnson, A. Menezes: Key agreement protocols, 1997",
    unjudged: true,
  },
  {
    id: "downgrade",
    statement: "Both ends agree on the best common suite, whatever the attacker does.",
    source: "K. Bhargavan et al.: Downgrade resilience in key-exchange protocols, 2016",
    unjudged: true,
  },
  identityHiding,
  delivery,
  honestAcknowledgement,
  robustness,
  boundedState,
  {
    id: "non-repudiation",
    statement: "Evidence for a message cannot be made from what its receiver knows.",
    source: "ISO/IEC 13888-1 (non-repudiation)",
    unjudged: true,
  },
  nonceUniqueness,
  messageBudget,
  lengthHiding,
  passwordProtection,
  safeParsing,
];

export const isJudged = (g: Guarantee | Unjudged): g is Guarantee => !("unjudged" in g);
export const judgedGuarantees: readonly Guarantee[] = guarantees.filter(isJudged);
