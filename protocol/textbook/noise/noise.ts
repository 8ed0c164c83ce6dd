/**
 * The Noise Protocol Framework, revision 34 (Perrin, 2018), with X25519, ChaChaPoly and SHA-256:
 * Diffie–Hellman between ephemeral and static keys in an order that a pattern prescribes, all mixed
 * into one chain of keys, and a hash of all that was sent authenticated with everything.
 *
 * Read patterns.ts, then symmetric-state.ts, handshake-state.ts and conversation.ts.
 *
 * Aims depend on the pattern; promises.ts computes them as §7.7 and §7.8 grade them. Payloads of
 * handshake messages carry what the application says as soon as it may say something, and are as
 * well protected as they can be at that point: the first one of XX goes in the clear. With
 * `payloads=transport` applications wait until the handshake is over, and those who answer, until
 * the initiator is authenticated as well as the pattern has it.
 *
 * Static keys that are sent are looked up in a directory of all keys, which stands for whatever an
 * application uses to tell whose a key is (§14). With `statics=unchecked` any will do: the peer is
 * whom the initiator means to talk to, and to the responder, the one that the address says.
 *
 * Known weaknesses:
 *
 * - Anonymous peers. Deliveries have to name a sender. What an initiator says that has no
 *   static key, or has not sent it yet, is attributed to the host that it seems to come from. That
 *   is no identity, and attackers can take on any; the payloads are of source grade 0 anyway. The
 *   initiator attributes all to the peer it means to talk to.
 * - Where the initiator's static key is known beforehand, the address says which one to try.
 * - The first message can be repeated: to the responder it is a new handshake each time. What K and
 *   X send is all of that kind.
 * - Handshake messages are not sent again when they get lost.
 */
import type { OptionSpec, Protocol, ProtocolClaim, Workload } from "../../endpoint.ts";
import { say } from "../../kit/workload.ts";
import { initiatorAndResponder } from "../end.ts";
import { Conversation } from "./conversation.ts";
import { patternNamed, patternNames } from "./patterns.ts";
import { NoiseClient, NoiseService } from "./processes.ts";
import { promisesOf } from "./promises.ts";
import { ownPair, patternOf, publicationsOf, secretsOf, settle } from "./setting.ts";

const defaultPattern = "XX";
/** Those with a pre-shared key that mixes into the last message of the handshake. */
const withPsk = ["XXpsk3", "IKpsk2"];

/** Whose static keys only their peers know: they try out what hides identities. */
const shy = { initiator: ["carol"], responder: ["dave"] };

const promised = (name: string): readonly ProtocolClaim[] => {
  const pattern = patternNamed(name);
  return pattern === undefined ? [] : promisesOf(pattern, true);
};

/** The guarantees of the default pattern that another one does not give. */
function weakerPatterns(): Readonly<Record<string, readonly string[]>> {
  const lost = patternNames.map((name) => {
    const own = promised(name).map((p) => p.guarantee);
    const missing = promised(defaultPattern).filter((p) => !own.includes(p.guarantee));
    return [name, missing.map((p) => p.guarantee)] as const;
  });
  return Object.fromEntries(lost.filter(([, ids]) => ids.length > 0));
}

const patternOption: OptionSpec = {
  default: defaultPattern,
  values: [...patternNames, ...withPsk],
  about: "which handshake pattern",
  weakens: weakerPatterns(),
};

function workload(isOneWay: boolean): Workload {
  const answers = (...texts: string[]) => (isOneWay ? [] : say("responder", ...texts));
  return {
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice asks for the ferry times", "alice takes the one at nine"),
          ...say("initiator", "alice pays with the usual card"),
          ...answers("bob has ferries at eight and nine", "bob keeps two seats for alice"),
        ],
      },
      // Mallory is a user like any other, and Alice has business with her too.
      { start: 5, principals: { responder: "mallory" }, messages: [] },
      {
        start: 10,
        principals: { initiator: "carol", responder: "dave" },
        messages: [
          ...say("initiator", "carol sends dave the draft", "carol wants it back by friday"),
          ...answers("dave will read the draft tonight"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice cancels the seats", "alice will walk instead"),
          ...answers("bob returns the fare to alice"),
        ],
      },
    ],
  };
}

export const noise: Protocol = {
  name: "noise",
  title: "Noise Protocol Framework",
  flow: `
A → B: X, {payload}                        pattern=XX; X = g^x, Y = g^y, S: static keys
B → A: Y, {SB}, {payload}                  keys from g^xy, then from x and SB
A → B: {SA}, {payload}                     then from SA and y
A ↔ B: nonce, {text}K                      a key for each direction
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(2018),
  options: {
    pattern: patternOption,
    payloads: {
      default: "handshake",
      values: ["handshake", "transport"],
      about: "from when on applications send: in handshake messages, or only after the handshake",
    },
    statics: {
      default: "checked",
      values: ["checked", "unchecked"],
      about: "unchecked: a static key that is sent passes for that of the peer meant",
      weakens: {
        unchecked: [
          "server-authentication",
          "client-authentication",
          "key-agreement",
          "key-secrecy",
        ],
      },
    },
    nonces: {
      default: "checked",
      values: ["checked", "ignored"],
      about: "ignored: transport messages are taken in any order, and again",
      weakens: { ignored: ["replay", "ordering"] },
    },
  },
  // Those of the default setting: claims cannot depend on options.
  claims: promised(defaultPattern),
  registration: true,
  deploy(env) {
    const setting = settle(env);
    return {
      open(role, own) {
        if (role === "initiator") return new NoiseClient(new Conversation(own, role, setting));
        // What is missing is missing now, and not when the first packet comes.
        ownPair(setting, "responder", own.self);
        return new NoiseService(() => new Conversation(own, "responder", setting));
      },
      longTermSecrets: (principal) => secretsOf(setting, principal),
      ...publicationsOf(setting, shy),
    };
  },
  workload: (options) => workload(patternOf(options).oneWay),
};
