/** Whether an attack left the handshake alone, where a service has its keys in its own time. */
import { expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { say } from "../../protocol/kit/workload.ts";
import { key } from "../testing/scripted.ts";
import { deliver, type Part, run, tiny, transmit, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";

/** Both ends have their key once the client has said hello; the server, when it gets round to it. */
const keyed = (label: "address" | "number" | "none") => {
  const client: Part = () => (input) => {
    if (input.kind === "start") return [transmit("hello"), key("k", "bob"), { kind: "ready" }];
    return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
  };
  const server: Part = () => {
    let [from, due] = ["", Number.POSITIVE_INFINITY];
    const session = () => (label === "address" ? from : "number-1");
    const labelled = () => (label === "none" ? {} : { session: session() });
    return {
      handle(input) {
        if (input.kind === "timeout") {
          due = Number.POSITIVE_INFINITY;
          return [{ ...key("k", "alice"), ...labelled() }];
        }
        if (input.kind !== "datagram") return [];
        if (words(input.bytes) === "hello") {
          from = input.from;
          due = 15;
          return [{ ...transmit("one moment"), ...labelled() }];
        }
        return [{ ...deliver(input.bytes, "alice"), ...labelled() }];
      },
      deadline: () => due,
    };
  };
  return tiny({ client, server, sessions: [{ start: 0, messages: say("client", "one", "two") }] });
};

const change = (nth: number): Attack => [
  {
    move: "modify",
    packet: { from: "client#0", to: "server#0", nth },
    edits: [{ edit: "flip", at: 0, mask: 1 }],
  },
];

test.each(["address", "number", "none"] as const)("labelled by %s", (label) => {
  const untouched = (nth: number) => run(keyed(label), { attack: change(nth) }).handshakeUntouched;
  expect([1, 2, 3].map(untouched)).toEqual([false, true, true]);
  const trace = run(keyed(label));
  const sessions = [...eventsOf(trace, "secret"), ...eventsOf(trace, "deliver")].flatMap((e) =>
    e.at === "server#0" ? [e.session] : [],
  );
  expect(new Set(sessions).size).toBe(1);
});
