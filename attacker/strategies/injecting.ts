/** Packets of the adversary's own: stray, malformed, spoofed, many. Nothing has to be seen. */
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { attackerAddress, bystanderAddress, type Moment } from "../move.ts";
import { attack, type Scene, type Strategy } from "./strategy.ts";

const literals = ["", "00", "78", "41".repeat(16), "ff".repeat(8), "00".repeat(64), "3a", "2c2c2c"];
const mostLogLines = 4;

/** Lines that look like the victim's own log, behind a line break. */
function forgedLines(scene: Scene): readonly string[] {
  const lines = [...new Set(scene.logLines)].slice(-mostLogLines);
  return lines.map((line) => hex(utf8(`x\n${line}`)));
}

/** Bytes an off-path adversary can send: malformed ones, and packets equal in every run. */
function anybodysBytes(scene: Scene): readonly string[] {
  const constant = scene.packets.filter((p) => p.constant).map((p) => hex(p.bytes));
  return [...new Set([...literals, ...constant])];
}

/** The first session is enough: a stray packet has the same effect in any session. */
function moments(scene: Scene): readonly Moment[] {
  const first = scene.packets.filter((p) => p.session === scene.packets[0]?.session);
  return ["start", ...first.map((p) => ({ after: p.ref }))];
}

export const injecting: Strategy = {
  id: "inject",
  title: "stray and malformed packets, from the attacker's address and from the peer's",
  capability: "off-path",
  *attacks(scene) {
    const values = [...anybodysBytes(scene), ...forgedLines(scene)];
    for (const when of moments(scene)) {
      for (const { id: to, session } of scene.processes) {
        if (session !== undefined && session !== scene.packets[0]?.session) continue;
        const peers = scene.packets.filter((p) => p.ref.to === to).map((p) => p.ref.from);
        for (const from of [attackerAddress, ...new Set(peers)].slice(0, 3)) {
          for (const value of values) {
            yield attack({ move: "inject", hex: value, to, from, when });
          }
        }
      }
    }
  },
};

export const injectingPairs: Strategy = {
  id: "inject-pairs",
  title: "two packets of the attacker's own in a row",
  capability: "off-path",
  *attacks(scene) {
    const values = ["", "78", "41".repeat(16), "41".repeat(32)];
    const services = scene.processes.filter((p) => p.service).map((p) => p.id);
    const clients = scene.packets.slice(0, 1).map((p) => p.ref.from);
    for (const when of moments(scene)) {
      for (const to of new Set([...services, ...clients])) {
        for (const a of values) {
          for (const b of values) {
            yield attack(
              { move: "inject", hex: a, to, when },
              { move: "inject", hex: b, to, when },
            );
          }
        }
      }
    }
  },
};

const floods = 200;

export const flooding: Strategy = {
  id: "flood",
  title: "many strangers at once, and packets in the name of a bystander",
  capability: "off-path",
  *attacks(scene) {
    const services = scene.processes.filter((p) => p.service).map((p) => p.id);
    for (const when of moments(scene).slice(0, 8)) {
      for (const to of services) {
        for (const value of anybodysBytes(scene)) {
          yield attack({ move: "inject", hex: value, to, from: bystanderAddress, when });
          yield attack({ move: "inject", hex: value, to, when, times: floods });
        }
      }
    }
  },
};
