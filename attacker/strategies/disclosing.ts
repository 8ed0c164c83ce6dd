/** Secrets and files are disclosed at the end of the run. */
import { disclosureText } from "../disclosure.ts";
import type { Move } from "../move.ts";
import { attack, type Scene, type Strategy } from "./strategy.ts";

export const disclosed = (principal: string, when: "start" | "end"): Move => ({
  move: "disclose",
  principal,
  what: disclosureText({ kind: "long-term" }),
  when,
});

/** A file as it is at the end. */
export const disclosedStore = ({ principal, name }: Scene["stores"][number]): Move => ({
  move: "disclose",
  principal,
  what: disclosureText({ kind: "store", name }),
  when: "end",
});

export const disclosing: Strategy = {
  id: "disclose-afterwards",
  title: "long-term secrets and stores become known after the end, singly and all together",
  capability: "disclosure",
  *attacks(scene) {
    const secrets = scene.principals.map((p) => disclosed(p, "end"));
    const stores = scene.stores.map(disclosedStore);
    for (const move of [...secrets, ...stores]) yield attack(move);
    yield attack(...secrets, ...stores);
  },
};
