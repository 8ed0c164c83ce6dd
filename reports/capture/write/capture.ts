/** A run as a capture file, and as what Wireshark is told about its bytes. */
import { portInCapture } from "../../../harness/capture/ports.ts";
import type { Recording } from "../../../harness/capture/recording.ts";
import { version } from "../../../harness/runner/version.ts";
import { visible } from "../../escape.ts";
import { commentsFor } from "../embedded-run.ts";
import { framesOf } from "./capture-frames.ts";
import type { Frame } from "./frame.ts";
import { arrivedEnding, Hosts, placeOf } from "./hosts.ts";
import { dissectorFor } from "./lua.ts";
import { pcapFile } from "./pcap.ts";
import { pcapngFile } from "./pcapng.ts";

export const captureFormats = ["pcapng", "pcap", "pcap-ns"] as const;
export type CaptureFormat = (typeof captureFormats)[number];

export interface WrittenCapture {
  readonly bytes: Uint8Array;
  /** A dissector in Lua: self-contained, and for this capture alone. */
  readonly lua: string;
  readonly frames: number;
  /** Does the file hold what repeats the run? */
  readonly repeats: boolean;
}

const interfaces = {
  sent: {
    name: "as-sent",
    says: "At the sender, before anything is done to the packet: what honest senders send.",
  },
  arrived: {
    name: "as-arrived",
    says: "At the receiver, after everything: what arrives, the attacker's packets among it.",
  },
} as const;

/** The same recording and format give the same bytes. */
export function captureOf(recording: Recording, format: CaptureFormat): WrittenCapture {
  const { packets, processes } = recording;
  const addresses = packets.flatMap((p) => [p.source, p.destination]);
  const named = [...addresses, ...processes.map((p) => p.address)].map((a) => placeOf(a).host);
  const hosts = new Hosts([...named, "mallory"]);
  const frames = framesOf(recording, hosts);
  const lua = dissectorFor(recording, frames);
  const about = { lua, frames: frames.length };
  if (format !== "pcapng") {
    const unit = format === "pcap" ? "micro" : "nano";
    return { ...about, bytes: pcapFile(frames, unit), repeats: false };
  }
  const kept = commentsFor(recording.saved);
  const comments = [explanation(recording, frames), ...(kept ?? [])];
  const section = {
    application: `Mallory ${version}`,
    comments,
    interfaces,
    hosts: hosts.resolved,
  };
  return { ...about, bytes: pcapngFile(section, frames), repeats: kept !== undefined };
}

const mostSteps = 40;

/** For people: what is seen here, and how. */
function explanation(
  { protocol, steps, saved, packets }: Recording,
  frames: readonly Frame[],
): string {
  const shown = steps.slice(0, mostSteps).map((step, i) => `${i + 1}. Mallory ${step}.`);
  const more = steps.length > mostSteps ? [`… ${steps.length - mostSteps} more moves`] : [];
  const attack = steps.length === 0 ? ["Nobody attacks."] : ["The attack:", ...shown, ...more];
  const twice = frames.some((f) => f.view === "arrived")
    ? [
        "A conversation that was disturbed stands here twice: as honest senders sent it (interface " +
          `as-sent), and as it arrived (interface as-arrived, hosts with the ending ${arrivedEnding}).`,
      ]
    : [];
  const addresses = packets.flatMap((p) => [p.source, p.destination]);
  const lines = [
    `A run of ${protocol} in the simulator Mallory; SHA-256 of the run: ${saved.digest}.`,
    ...attack,
    ...twice,
    ...movedPorts(addresses),
    "Addresses stand for names; Ethernet addresses say whose cable a packet comes from.",
    "Handshakes and ends of TCP are made up around what the run says; its bytes are the run's.",
    "Times are the simulator's: it begins at 2025-01-01T00:00:00Z.",
  ];
  return lines.map((line) => visible(line).slice(0, 1_000)).join("\n");
}

const mostMoved = 8;

function movedPorts(addresses: readonly string[]): readonly string[] {
  const ports = [...new Set(addresses.map((a) => placeOf(a).port))].sort((a, b) => a - b);
  const moved = ports.filter((p) => portInCapture(p) !== p).slice(0, mostMoved);
  if (moved.length === 0) return [];
  const words = moved.map((p) => `port ${p} of the run is ${portInCapture(p)} here`).join(", ");
  return [`Wireshark would take some ports for other protocols: ${words}.`];
}
