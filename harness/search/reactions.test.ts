/** What is asked of a receiver's code is what would have happened in a run. */
import { describe, expect, test } from "vitest";
import type { Edit, PacketRef } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import type { TransportName } from "../../protocol/transport.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";
import { deliver, type Part, subjectFor, tiny } from "../testing/tiny.ts";
import { baseWorkload } from "../workload.ts";
import { reactionsOf } from "./reactions.ts";

const mostRefused = 3;

/** Delivers what begins with `ok`, answers what begins with `hi`; the third refusal is the end. */
function patient(transport: TransportName) {
  const client: Part = () => (input) => {
    if (input.kind === "start" || input.kind === "connected") {
      const greets = (input.kind === "connected") === (transport !== "datagram");
      return greets ? [{ kind: "transmit", bytes: utf8("hi;") }, { kind: "ready" }] : [];
    }
    return input.kind === "send"
      ? [
          { kind: "transmit", bytes: utf8("ok first;") },
          { kind: "transmit", bytes: utf8("ok second;") },
        ]
      : [];
  };
  const server: Part = () => {
    let refused = 0;
    const take = (line: string, to: string): readonly Output[] => {
      if (refused >= mostRefused) return [];
      if (line.startsWith("ok")) return [deliver(utf8(line), "alice")];
      if (line.startsWith("hi")) return [{ kind: "transmit", bytes: utf8(line), to }];
      refused++;
      return [{ kind: "reject", reason: "malformed" }];
    };
    return (input) => {
      if (input.kind !== "datagram" && input.kind !== "chunk") return [];
      const lines = latin1(input.bytes).split(";").slice(0, -1);
      return lines.flatMap((line) => take(line, input.from));
    };
  };
  const sessions = [{ start: 0, messages: say("client", "now") }];
  const subject = subjectFor(tiny({ client, server, sessions, protocol: { transport } }));
  const trace = simulate(planOf(subject, { seed: "ask", workload: baseWorkload }));
  return reactionsOf(trace);
}

const nth = (n: number): PacketRef => ({ from: "client#0", to: "server#0", nth: n });
const instead = (text: string): readonly Edit[] => [
  { edit: "replace", hex: Buffer.from(text, "latin1").toString("hex") },
];

describe.each(["datagram", "messages", "stream"] as const)("over %s", (transport) => {
  const ask = patient(transport);

  test("many refusals in a row do not make the process another one", () => {
    const refused = ["a;", "b;", "c;", "d;", "e;"].map(instead);
    const all = ask(nth(1), [...refused, instead("hi there;"), ...refused]);
    expect(all.map(({ idle }) => idle)).toEqual([
      ...refused.map(() => true),
      false,
      ...refused.map(() => true),
    ]);
    expect(new Set(all.filter(({ idle }) => idle).map((r) => r.signature)).size).toBe(1);
    expect(all[5]?.replies.map(latin1)).toEqual(["hi there"]);
  });

  test("what has come together is told apart", () => {
    const [honest, changed, early] = [
      ...ask(nth(2), [[], instead("no;no;no;")]),
      ...ask(nth(2), [instead("no;")], "before"),
    ];
    expect(honest).toMatchObject({ atOnce: "delivers 8", later: "delivers 9" });
    expect(changed).toMatchObject({ idle: false, later: "" });
    expect(early).toMatchObject({ atOnce: "rejects malformed,delivers 8", later: "delivers 9" });
  });

  test("nothing is said of packets that there are not", () => {
    expect(ask(nth(9), [[]])).toEqual([]);
  });
});
