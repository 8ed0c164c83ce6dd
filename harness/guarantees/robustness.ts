import { type Attack, capabilityOf, withoutRegistration } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace, TraceEvent } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { quote } from "./exchanges.ts";
import type { Baseline, Guarantee } from "./guarantee.ts";

const onePacket = (attack: Attack): boolean => {
  const [move] = attack;
  if (attack.length !== 1 || move === undefined) return false;
  if (move.move === "inject") return move.times === undefined || move.times === 1;
  return ["replay", "reflect", "modify", "redirect", "duplicate"].includes(move.move);
};

const oneLoss = (attack: Attack): boolean => attack.length === 1 && attack[0]?.move === "drop";

export const robustness: Guarantee = {
  id: "robustness",
  statement:
    "After one malformed, stray, spoofed or lost packet everybody is alive, nobody repeats itself for ever, and a fresh honest session works.",
  source: "RFC 9147 §4.5.2 (handling of invalid records)",
  twin: "preshared?strictness=off",
  layered: true,
  secrecy: false,
  safety: false,
  vacuousBecause: "no packet was lost, repeated or made up",
  counts: (attack) => onePacket(attack) || oneLoss(attack),
  judge(trace, baseline) {
    const loss = oneLoss(withoutRegistration(trace.plan.attack));
    const isDisturbed = loss
      ? eventsOf(trace, "lost").length > 0
      : eventsOf(trace, "attack").some((e) => isPacket(e, trace));
    if (!isDisturbed) return { atStake: 0 };
    const atStake = trace.processes.length;
    // Other effects of a loss are judged by `delivery`.
    const because = loss
      ? newLivelock(trace, baseline)
      : (death(trace, baseline) ?? failedSession(trace, baseline));
    return because === undefined ? { atStake } : { atStake, violation: { because } };
  },
};

/** Did a packet of the attack take effect here? Registration by itself is not one. */
const isPacket = (e: TraceEvent, trace: Trace): boolean =>
  e.kind === "attack" && trace.plan.attack[e.move]?.move !== "participate";

/** The end of a process that does not occur in an undisturbed run. */
function death(trace: Trace, { honest }: Baseline): string | undefined {
  const attacked = trace.events.findIndex((e) => isPacket(e, trace));
  if (attacked < 0) return undefined;
  const { attack, protocol } = trace.plan;
  // To be registered as well takes nothing away from a packet of a stranger's.
  const plain = withoutRegistration(attack);
  const fromOutside = capabilityOf(plain, protocol.transport) === "off-path";
  const usual = new Set(honest.events.map(ending).filter((e) => e !== undefined));
  for (const e of trace.events.slice(attacked)) {
    const name = ending(e);
    if (name === undefined || usual.has(name)) continue;
    if (e.kind === "crashed") return `${e.at} crashed: ${e.because}`;
    if (e.kind === "stopped") return `${e.at} would not come to rest: ${e.because}`;
    // A session may end because its own packets were modified; a service may not.
    const service = processOf(trace, e.at)?.service === true;
    if (e.kind === "exited" && (service || fromOutside)) {
      return `${e.at} gave up: ${e.because ?? "no reason given"}`;
    }
  }
  return undefined;
}

function ending(e: TraceEvent): string | undefined {
  if (e.kind === "crashed" || e.kind === "stopped") return `${e.kind} ${e.at}`;
  return e.kind === "exited" && !e.ok ? `gave up ${e.at}` : undefined;
}

/** More repetitions than this are not retransmissions: sound protocols progress, or give up. */
const forEver = 20;
const progress = new Set<TraceEvent["kind"]>(["started", "submit", "confirm", "give-up", "commit"]);

/** Some protocols send at a steady rate anyway. */
function newLivelock(trace: Trace, { honest }: Baseline): string | undefined {
  const found = livelock(trace);
  return found === undefined || livelock(honest) !== undefined ? undefined : found;
}

/**
 * An end that sends equally many bytes to the same peer repeatedly, without progress. A run that
 * comes to rest has no livelock, however often an end retried.
 */
function livelock(trace: Trace): string | undefined {
  if (trace.cameToRest) return undefined;
  const counts = new Map<string, number>();
  const delivered = new Set<string>();
  for (const e of trace.events) {
    if (e.kind === "deliver" && !delivered.has(latin1(e.message))) {
      delivered.add(latin1(e.message));
      counts.clear();
    }
    if (progress.has(e.kind)) counts.clear();
    const packet = e.kind === "sent" ? trace.packets[e.packet] : undefined;
    if (packet === undefined || packet.byAttacker !== undefined) continue;
    const key = `${packet.from}>${packet.to}:${packet.bytes.length}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count >= forEver) {
      return `${packet.from} sends ${packet.bytes.length} bytes to ${packet.to} over and over, and gets no further`;
    }
  }
  return undefined;
}

/** A session that started after the packet and does not deliver what it should. */
function failedSession(trace: Trace, { honest }: Baseline): string | undefined {
  const attack = eventsOf(trace, "attack").find((e) => isPacket(e, trace));
  if (attack === undefined) return undefined;
  const has = (t: Trace, key: string): boolean =>
    eventsOf(t, "deliver").some((e) => latin1(e.message) === key);
  for (const outcome of trace.outcomes) {
    if (outcome.startedMs === undefined || outcome.startedMs <= attack.t) continue;
    for (const { message, from } of outcome.wanted) {
      const key = latin1(message);
      if (has(trace, key) || !has(honest, key)) continue;
      return `a fresh session afterwards does not work: ${quote(message)} of ${from} is not delivered`;
    }
  }
  return undefined;
}
