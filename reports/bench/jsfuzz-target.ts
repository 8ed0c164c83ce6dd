/** What jsfuzz is let loose on: attacks as bytes. It is bundled, and has a lab of its own. */
import type { Move } from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import { bundledSubject } from "../../harness/input/bundled-protocols.ts";
import { parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { Campaign } from "../../harness/search/campaign.ts";
import { Draws } from "../../harness/search/composing/draws.ts";
import { type Hunt, type Hunted, hunting } from "./hunt.ts";

const longestAttack = 8;

/** @param fuzz hands bytes to `attempt`, until that says that it is over. */
export function hunt(
  { protocol, guarantee, seed }: Hunt,
  fuzz: (attempt: (bytes: Uint8Array) => boolean) => void,
): Hunted {
  return hunting((watch) => {
    const subject = bundledSubject(parseProtocolName(protocol));
    const campaign = new Campaign(subject, { seed, guarantees: [guarantee] }, watch);
    const moves = movesIn(campaign);
    fuzz((bytes) => {
      campaign.try("jsfuzz", { moves: attackOf(bytes, moves) }, true);
      return !campaign.over;
    });
  });
}

/** Those of the other searches: the alphabet, and composed messages at every moment. */
function movesIn(campaign: Campaign): readonly Move[] {
  const { honest } = campaign;
  const composed = new Draws(campaign.subject.protocol, honest, campaign.sameWords).after(honest);
  const moments = campaign.scene().packets.map((p) => ({ after: p.ref }));
  return [
    ...alphabet(campaign.scene(), 0),
    ...composed.flatMap((move) => moments.map((when): Move => ({ ...move, when }))),
  ];
}

/** Each two bytes name one move, the higher first. */
function attackOf(bytes: Uint8Array, moves: readonly Move[]): readonly Move[] {
  const length = Math.min(longestAttack, bytes.length >> 1);
  return Array.from({ length }, (_, i) => {
    const n = ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number);
    return moves[n % moves.length] as Move;
  });
}
