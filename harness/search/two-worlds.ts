/**
 * Attacks to be run in two worlds. They are few, since each costs two runs: nobody does anything;
 * a packet that carries a message is changed; a text is chosen for what has been seen; two users
 * change places; a stranger tries a name, and a password.
 */
import { fieldsOf, innerOf } from "../../attacker/fields.ts";
import type { Attack, Edit, Move } from "../../attacker/move.ts";
import type { Candidate } from "../../attacker/strategies/strategy.ts";
import { hex, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, operations } from "../../protocol/kit/operations.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { simulate } from "../run/simulate.ts";
import type { Packet, ProcessId, Trace } from "../trace/trace.ts";
import { swappedUsers, withSwappedUsers } from "../workload.ts";
import type { Campaign } from "./campaign.ts";
import { chosenTexts } from "./chosen-texts.ts";

const differentContents = { workloadName: "contents-different", attack: [] };

/** Tries them in a search, if a guarantee asks whether the worlds can be told apart. */
export function tellApart(campaign: Campaign): void {
  const { guarantees: wanted } = campaign.settings;
  const compared = guarantees.filter((g) => g.otherWorld?.(differentContents) !== undefined);
  const isAsked = compared.some((g) => wanted === undefined || wanted.includes(g.id));
  if (campaign.over || !isAsked) return;
  const equal = campaign.undisturbed("contents-equal");
  const again = simulate({ ...equal.plan, seed: `${equal.plan.seed}/again-1` });
  for (const candidate of inTwoWorlds(equal, again, campaign.honest)) {
    campaign.try("two-worlds", candidate);
    if (campaign.over) return;
  }
}

/**
 * @param equal the undisturbed run in which all messages are the same.
 * @param again the same with other randomness.
 * @param honest the undisturbed run.
 */
function* inTwoWorlds(equal: Trace, again: Trace, honest: Trace): Iterable<Candidate> {
  const workload = differentContents.workloadName;
  yield { moves: [], workload };
  for (const move of chosenTexts(equal, again)) yield { moves: [move], workload };
  for (const move of changes(equal)) yield { moves: [move], workload };
  const { protocol, workload: usual } = honest.plan;
  if (withSwappedUsers(protocol, usual) !== usual) yield { moves: [], workload: swappedUsers };
  for (const moves of logins(honest)) yield { moves };
}

/** Only packets that carry messages: what comes before is the same in both worlds. */
function* changes(equal: Trace): Iterable<Move> {
  for (const packet of firstCarriers(equal)) {
    const { from, to, nth } = packet;
    for (const edits of [...small(packet), ...padding(packet, equal)]) {
      yield { move: "modify", packet: { from, to, nth }, edits: [...edits] };
    }
  }
}

/** The first packet that each of the first processes sends after it was given a message. */
function firstCarriers({ events, packets }: Trace): readonly Packet[] {
  const found: Packet[] = [];
  const waiting = new Set<ProcessId>();
  const done = new Set<ProcessId>();
  for (const e of events) {
    if (e.kind === "submit" && e.purpose === "message" && !done.has(e.at)) waiting.add(e.at);
    const packet = e.kind === "sent" && waiting.delete(e.at) ? packets[e.packet] : undefined;
    if (packet === undefined) continue;
    done.add(e.at);
    found.push(packet);
    if (found.length >= mostCarriers) break;
  }
  return found;
}

function small({ bytes: { length } }: Packet): readonly (readonly Edit[])[] {
  if (length === 0) return [];
  return [
    [{ edit: "flip", at: length >> 1, mask: 1 }],
    [{ edit: "flip", at: -1, mask: 1 }],
    [{ edit: "truncate", length: length - 1 }],
  ];
}

/** One of each direction; the next ones are of later sessions. */
const mostCarriers = 2;
const blockBytes = 16;
/** What the last byte of a padded text may be: PKCS #7, ISO/IEC 7816-4, TLS 1.0. */
const paddings = [0x01, 0x80, 0x00];

/** @returns the first block with a block before it in which all bytes are alike; from 0. */
function firstBlockOf(text: Latin1): number | undefined {
  for (let k = 1; (k + 1) * blockBytes <= text.length; k++) {
    const block = text.slice(k * blockBytes, (k + 1) * blockBytes);
    if (block === block.charAt(0).repeat(blockBytes)) return k;
  }
  return undefined;
}

/**
 * Two blocks of ciphertext take the last two places, where the last byte of their text is taken for
 * padding; it is changed so that a right guess at it makes it good padding (S. Vaudenay, 2002;
 * B. Möller, T. Duong, K. Kotowicz: POODLE, 2014).
 */
function* padding(packet: Packet, { crypto }: Trace): Iterable<readonly Edit[]> {
  const { from, to, nth } = packet;
  for (const path of fieldsOf(packet.bytes)) {
    const inner = latin1(innerOf(packet.bytes, path));
    for (const op of crypto) {
      if (op.by !== from || op.backwards || operations[op.op].purpose !== "encryption") continue;
      const start = inner.indexOf(op.output);
      const guess = contentOf(op);
      const block = firstBlockOf(guess);
      const end = start + (op.output.length - (op.output.length % blockBytes));
      if (start < 0 || block === undefined || end - start < (block + 2) * blockBytes) continue;
      const source = start + (block - 1) * blockBytes;
      const inside = [...path, `bytes:${end - 2 * blockBytes}-${end}`];
      const own = {
        packet: { from, to, nth },
        source: path,
        start: source,
        length: 2 * blockBytes,
      };
      for (const last of paddings) {
        const mask = last ^ guess.charCodeAt((block + 1) * blockBytes - 1);
        yield [
          { edit: "paste", ...own, inside },
          { edit: "flip", at: blockBytes - 1, mask, inside },
        ];
      }
      return;
    }
  }
}

/** Nobody has the name, nor the password. */
const letterOf = (letter: string, like: Uint8Array): string =>
  hex(new Uint8Array(like.length).fill(letter.charCodeAt(0)));

/** Whoever tries a name has the program of its user. */
function* logins({ deployment, processes }: Trace): Iterable<Attack> {
  for (const { id, principal, service } of processes) {
    const own = deployment.credentials.find((c) => !service && c.principal === principal);
    if (own === undefined) continue;
    const password = letterOf("x", own.password);
    const login = { move: "log-in", process: id, password, user: letterOf("z", own.user) } as const;
    yield [login];
    yield [{ ...login, right: true }];
    return;
  }
}
