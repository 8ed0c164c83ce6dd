/** Secrets and files come out after everything is over. */
import type { Move } from "../move.ts";
import { attack, type Strategy } from "./strategy.ts";

const afterwards = (principal: string, what: string): Move => ({
  move: "disclose",
  principal,
  what,
  when: "end",
});

export const disclosing: Strategy = {
  id: "disclose-afterwards",
  title: "long-term secrets and stores become known after the end, singly and all together",
  capability: "disclosure",
  *attacks(scene) {
    const secrets = scene.principals.map((p) => afterwards(p, "long-term"));
    const stores = scene.stores.map((s) => afterwards(s.principal, `store:${s.name}`));
    for (const move of [...secrets, ...stores]) yield attack(move);
    yield attack(...secrets, ...stores);
  },
};
