/** Two members and a relay that sees all their messages: for the lab's own tests. */
import { utf8 } from "../../protocol/kit/bytes.ts";
import { deliver, type Part, protocolOf, transmit, words } from "./tiny.ts";

/** Forwards messages to the member that joined under the name. */
const relay: Part = () => {
  const known = new Map<string, string>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const [kind = "", name = "", ...rest] = words(input.bytes).split(" ");
    if (kind === "join") {
      known.set(name, input.from);
      return [];
    }
    const from = [...known].find(([, address]) => address === input.from)?.[0] ?? "?";
    return [transmit(`${from} ${rest.join(" ")}`, known.get(name) ?? input.from)];
  };
};

const member: Part = (env) => (input) => {
  if (input.kind === "start") return [transmit(`join ${env.self}`), { kind: "ready" }];
  if (input.kind === "send") {
    return [transmit(`to ${input.to ?? "nobody"} ${words(input.message)}`)];
  }
  if (input.kind !== "datagram") return [];
  const [from = "", ...rest] = words(input.bytes).split(" ");
  return [deliver(utf8(rest.join(" ")), from)];
};

export const relayed = protocolOf(
  { relay, member },
  {
    protocol: {
      name: "relayed",
      roles: [
        { name: "relay", principals: ["rita"], process: "service", port: 70 },
        { name: "member", principals: ["alice", "bob"], process: "session", peer: "relay" },
      ],
    },
    sessions: [
      { start: 0, messages: [{ from: "member", message: utf8("hello bob"), to: "bob" }] },
      { start: "after-previous", messages: [{ from: "bob", message: utf8("to me"), to: "bob" }] },
    ],
  },
);
