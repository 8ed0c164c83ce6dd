/** What the adversary's puppets say once they have a session, and when. */
import { forgedMessages } from "../../../attacker/forged-messages.ts";
import type {
  Address,
  Endpoint,
  Input,
  Millis,
  Output,
  PlannedMessage,
  Principal,
} from "../../../protocol/endpoint.ts";
import { fromHex, utf8 } from "../../../protocol/kit/bytes.ts";
import type { RunPlan } from "../../trace/trace.ts";
import { addressed, thinkMs } from "../application-session.ts";
import type { Process } from "../processes.ts";
import type { AdversarySession } from "./adversary-session.ts";

/** Nothing is gained by waiting; and what is written in one millisecond is read as one. */
const atOnceMs: Millis = 1;
/** A puppet first hands on what others say; and whom it speaks to may not be there at once. */
const laterMs: Millis = 2_000;
/** By then a handshake is over, and a puppet without a session will not get one. */
const unreadyMs: Millis = 100;

export const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0);

/** What a puppet that talks says: more than any session of a workload says one way. */
const talk: readonly Uint8Array[] = Array.from({ length: 40 }, (_, nth) =>
  utf8(nth === 0 ? "mallory was here" : `mallory again ${nth + 1}`),
);

/**
 * @param says in hex: instead of the usual words.
 * @param talks it says something else each time, as often as it may.
 */
export const wordsOf = ({
  says,
  talks,
}: {
  readonly says?: readonly string[] | undefined;
  readonly talks?: true | undefined;
}): readonly Uint8Array[] => (talks === true ? talk : (says?.map(bytesOf) ?? forgedMessages));

/** How long a puppet waits before it speaks; `undefined` if it has nothing to say, or may not. */
export function waitOf(session: AdversarySession): Millis | undefined {
  const { ready, unready, credits, puppet, toSay, forged, handsOn, words } = session;
  if (puppet.dead || (ready && credits <= 0)) return undefined;
  if (ready && toSay.length > 0) return thinkMs;
  if (forged >= words.length) return undefined;
  if (!ready) return unready ? (forged === 0 ? unreadyMs : thinkMs) : undefined;
  if (forged > 0 && forged === words.length - 1) return laterMs;
  return forged > 0 ? thinkMs : handsOn ? laterMs : atOnceMs;
}

/** The next message of a puppet's session: one handed on, or a forged one. */
export function nextWords(session: AdversarySession): Input | undefined {
  if (waitOf(session) === undefined) return undefined;
  const handedOn = session.ready ? session.toSay.shift() : undefined;
  const message = handedOn ?? session.words[session.forged++];
  if (message === undefined) return undefined;
  if (session.ready) session.credits--;
  const { to, label } = session;
  return {
    kind: "send",
    message: message.slice(),
    ...addressed(to),
    ...(label === undefined ? {} : { session: label }),
  };
}

/** Its code takes messages. What was said before that may not have been heard. */
export function takesWords(
  session: AdversarySession,
  output: Extract<Output, { kind: "ready" }>,
): void {
  if (!session.ready) session.forged = 0;
  session.ready = true;
  session.credits = output.messages ?? Number.POSITIVE_INFINITY;
  if (output.session !== undefined) session.label = output.session;
}

const senderOf = (input: Input): Address | undefined =>
  "from" in input ? input.from : "peer" in input ? input.peer : undefined;

/** Whom a service has its latest key with; or else whom it heard from last. */
export const lastCaller = ({ secretWith, history }: Process): Address | undefined =>
  [...secretWith].at(-1) ?? history.map((h) => senderOf(h.input)).findLast((from) => from);

/** A service's code; a session that it does not name is that of the address it is hearing from. */
export function namingSessions(endpoint: Endpoint): Endpoint {
  return {
    handle(input, now) {
      const outputs = endpoint.handle(input, now);
      if (!Array.isArray(outputs)) return outputs;
      const session = senderOf(input);
      if (session === undefined) return outputs;
      return outputs.map((output: Output) =>
        output?.kind === "ready" && output.session === undefined ? { ...output, session } : output,
      );
    },
    ...(endpoint.deadline === undefined ? {} : { deadline: () => endpoint.deadline?.() }),
  };
}

/** The addressee of this principal, where messages name one: at a relay, every message has to. */
export function addresseeOf({ workload }: RunPlan, as: Principal): PlannedMessage["to"] {
  const all = workload.sessions.flatMap((s) => s.messages);
  const to = all.find((m) => m.from === as && m.to !== undefined)?.to;
  return to ?? all.find((m) => [m.to].flat().includes(as))?.from;
}
