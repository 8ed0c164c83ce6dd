/** What ordinary networks do by themselves: nobody has to attack for it. */
import { attack, type Candidate, runsOf, type Strategy, soundNetworks } from "./strategy.ts";

export const undisturbed: Strategy = {
  id: "undisturbed",
  title: "nothing happens",
  capability: "none",
  *attacks() {
    yield attack();
    for (const workload of ["default", "lengths-short", "lengths-middle", "lengths-long"]) {
      yield { moves: [], workload };
    }
  },
};

/** Workloads in which the same is said by users who are quicker, and who come in other orders. */
export const otherUsers = [
  "typed-at-once",
  "typed-in-between",
  "opened-at-once",
  "opened-in-reverse",
] as const;

export const otherwiseCalm: Strategy = {
  id: "other-circumstances",
  title: "nothing is lost, but packets take other times, streams come in pieces, users hurry",
  capability: "none",
  *attacks({ transport }) {
    for (const network of soundNetworks) {
      if (!transport.keepsMessages || !network.startsWith("chunks-")) yield { moves: [], network };
    }
    for (const workload of otherUsers) yield { moves: [], workload };
  },
};

const lossyTries = 8;

export const lossy: Strategy = {
  id: "lossy-network",
  title: "a network that loses, doubles, delays and reorders at random for a while",
  capability: "none",
  *attacks() {
    for (let i = 0; i < lossyTries; i++) {
      yield { moves: [], network: "lossy", seedSuffix: `lossy-${i}` } satisfies Candidate;
    }
  },
};

export const dropping: Strategy = {
  id: "drop",
  title: "each packet, and each run of two or three in one direction, is lost",
  capability: "none",
  *attacks(scene) {
    for (const length of [1, 2, 3]) {
      for (const run of runsOf(scene, length)) {
        yield attack(...run.map((p) => ({ move: "drop", packet: p.ref }) as const));
      }
    }
  },
};

const duplicateDelays = [1, 200] as const;

export const duplicating: Strategy = {
  id: "duplicate",
  title: "each packet arrives twice, at once or later",
  capability: "none",
  *attacks(scene) {
    for (const { ref: packet } of scene.packets) {
      for (const delayMs of duplicateDelays) yield attack({ move: "duplicate", packet, delayMs });
    }
  },
};

/** Long enough to be overtaken by the next packet, by a user's next message, by a timer. */
const holdDelays = [1, 150, 5_000] as const;

export const delaying: Strategy = {
  id: "delay",
  title: "each packet, and each pair, is held back until later ones have overtaken it",
  capability: "none",
  *attacks(scene) {
    for (const length of [1, 2]) {
      for (const run of runsOf(scene, length)) {
        for (const delayMs of holdDelays) {
          yield attack(...run.map((p) => ({ move: "hold", packet: p.ref, delayMs }) as const));
        }
      }
    }
  },
};

export const cutting: Strategy = {
  id: "cut",
  title: "the connection breaks after each write",
  capability: "none",
  *attacks(scene) {
    if (!scene.transport.connected) return;
    for (const { ref: packet } of scene.packets) yield attack({ move: "cut", packet });
  },
};
