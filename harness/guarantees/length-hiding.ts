import { type Guarantee, withoutDisclosure } from "./guarantee.ts";
import { differenceSeen, sizesOf } from "./outside-view.ts";
import { otherLengths } from "./worlds.ts";

export const lengthHiding: Guarantee = {
  id: "length-hiding",
  statement:
    "Two runs that differ only in the lengths of their messages look alike to whoever watches.",
  source: "J. Kelsey: Compression and information leakage of plaintext, 2002; RFC 8467",
  twin: "preshared?padding=off",
  layered: false,
  secrecy: false,
  safety: true,
  counts: withoutDisclosure,
  judge: () => ({ atStake: 0 }),
  otherWorld: otherLengths,
  distinguish(worlds) {
    const { here, there } = worlds.pair(0);
    const atStake = here.packets.length;
    const seen = differenceSeen(worlds, sizesOf);
    if (seen === undefined) return { atStake };
    if (here.packets.length !== there.packets.length) {
      const [b, a] = [here.packets.length, there.packets.length];
      const because = `messages of other lengths take ${b} packets instead of ${a}`;
      return { atStake, violation: { because } };
    }
    const because = `${worlds.secret}, “${seen.there}” becomes “${seen.here}”`;
    return { atStake, violation: { because } };
  },
};
