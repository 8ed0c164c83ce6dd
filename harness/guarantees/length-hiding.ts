import type { Trace } from "../trace/trace.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

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
  distinguish(a, b) {
    const [x, y] = [shape(a), shape(b)];
    const at = x.findIndex((line, i) => line !== y[i]);
    if (at < 0 && x.length === y.length) return undefined;
    const [first, second] = [x[at] ?? "nothing", y[at] ?? "nothing"];
    if (x.length !== y.length) {
      return {
        because: `messages of other lengths take ${y.length} packets instead of ${x.length}`,
      };
    }
    return { because: `with messages of another length, “${first}” becomes “${second}”` };
  },
};

const shape = (trace: Trace): readonly string[] =>
  trace.packets.map((p) => `${p.from} to ${p.to}: ${p.bytes.length} bytes`);
