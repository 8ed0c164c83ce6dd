/** A violation is told at the moment when it happens, with what went to the attacker before. */
import { expect, test } from "vitest";
import { say } from "../../protocol/kit/workload.ts";
import type { Handler } from "../testing/tiny.ts";
import { deliver, subjectFor, tiny } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

/** The door lets in who sends back what it said; whoever asks is told. */
const door = tiny({
  client: ({ peer = "bob" }) =>
    ((input) => {
      if (input.kind === "start") return [{ kind: "transmit", bytes: new Uint8Array(8) }];
      if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
      if (input.kind !== "datagram") return [];
      return [
        { kind: "claim", claim: { kind: "running", peer } },
        { kind: "transmit", bytes: input.bytes },
        { kind: "ready" },
      ];
    }) as Handler,
  server: ({ crypto }) => {
    const asked = new Map<string, string>();
    return (input) => {
      if (input.kind !== "datagram") return [];
      const { from, bytes } = input;
      const right = asked.get(from);
      if (right === "") return [deliver(bytes, "alice")];
      if (right === undefined) {
        const challenge = crypto.random(16);
        asked.set(from, Buffer.from(challenge).toString("hex"));
        return [{ kind: "transmit", bytes: challenge }];
      }
      if (right !== Buffer.from(bytes).toString("hex")) return [];
      asked.set(from, "");
      return [{ kind: "claim", claim: { kind: "commit", peer: "alice" } }];
    };
  },
  sessions: [
    { start: 0, messages: say("client", "open the door", "and close it") },
    { start: "after-previous", messages: say("client", "open it once more") },
  ],
});

test("the story ends where it is violated, and draws what was sent to the attacker", () => {
  const about = { seed: "moment", guarantees: ["client-authentication"] };
  const [verdict] = assess(subjectFor(door), about).verdicts;
  const steps = verdict?.finding?.story.steps ?? [];
  const told = steps.map((s) => `${s.from} ${s.to} ${s.kind} ${s.label}`);
  expect(verdict?.capability).toBe("off-path");
  expect(told.at(-1)).toMatch(/^server#0 server#0 violation server#0 believes to have finished/);
  expect(told.at(-2)).toBe("server#0 server#0 note believes to have finished with alice");
  expect(told).toContainEqual(
    expect.stringMatching(/^server#0 (?:mallory|puppet-a) packet #1 16 B/),
  );
  expect(steps.at(-1)?.t).toBe(steps.at(-2)?.t);
});
