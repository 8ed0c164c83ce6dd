import { attackerHost, bystanderAddress } from "../../attacker/move.ts";
import { transportOf } from "../../protocol/transport.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import type { Guarantee } from "./guarantee.ts";

/** Replies to an address that has proved nothing may be at most this many times the request. */
const amplificationLimit = 3;
/** A flood of at least this many strangers must not leave a trace of each. */
const floodFrom = 50;

export const boundedState: Guarantee = {
  id: "bounded-state",
  statement:
    "Strangers cannot fill memory, nor have more than three times as many bytes sent to an address than came from it.",
  source: "RFC 9000 §8.1 (address validation); RFC 9147 §5.1 (denial of service)",
  twin: "preshared?cookie=off",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "nothing that the attacker sends takes effect",
  counts: (attack) =>
    attack.length > 0 && attack.every((m) => m.move === "inject" || m.move === "replay"),
  judge(trace) {
    // To register is no packet.
    const { attack } = trace.plan;
    const isPacket = (move: number): boolean => attack[move]?.move !== "participate";
    const atStake = eventsOf(trace, "attack").filter((e) => isPacket(e.move)).length;
    const because = amplified(trace) ?? filled(trace);
    if (because !== undefined) return { atStake, violation: { because } };
    const flooded = trace.plan.attack.some((m) => "times" in m && (m.times ?? 1) > 1);
    if (!flooded) return { atStake };
    const hidden = trace.processes.find((p) => p.service && p.stateSize === undefined);
    if (hidden === undefined) return { atStake };
    return { atStake, doubt: `${hidden.id} does not say what it keeps; give it a stateSize()` };
  },
};

function amplified(trace: Trace): string | undefined {
  // Who has opened a connection has shown that the address is its own.
  if (transportOf(trace.plan.protocol).connected) return undefined;
  let asked = 0;
  let answered = 0;
  for (const p of trace.packets) {
    if (p.source === bystanderAddress) asked += p.bytes.length;
    if (p.destination !== bystanderAddress) continue;
    answered += p.bytes.length;
    if (answered <= amplificationLimit * asked) continue;
    return `${p.from} sends ${answered} bytes to a bystander because of ${asked} bytes sent in its name`;
  }
  return undefined;
}

function filled(trace: Trace): string | undefined {
  const strangers = new Set(
    trace.packets.filter((p) => p.from === attackerHost).map((p) => p.source),
  ).size;
  if (strangers < floodFrom) return undefined;
  const full = trace.processes.find((p) => (p.stateSize ?? 0) >= strangers / 2);
  return full && `${full.id} keeps ${full.stateSize} entries for ${strangers} strangers`;
}
