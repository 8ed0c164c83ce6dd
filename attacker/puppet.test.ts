/** A puppet that has to start again is given what it was given before. */
import { expect, test } from "vitest";
import type { Output } from "../protocol/endpoint.ts";
import { latin1, utf8 } from "../protocol/kit/bytes.ts";
import { IncrementalKnowledge } from "./knowledge/incremental-knowledge.ts";
import { Puppet } from "./puppet.ts";
import { Lab } from "./testing/lab.ts";

test("code that overwrites its input does not change what it is given again", () => {
  const lab = new Lab();
  const key = lab.crypto.random(32);
  const knowledge = new IncrementalKnowledge([]);
  for (const op of lab.log) knowledge.learnOperation(op);
  const heard: string[] = [];
  const puppet = new Puppet(
    "puppet-a",
    (gate) => {
      let first: Uint8Array | undefined;
      return {
        handle(input): readonly Output[] {
          if (input.kind !== "datagram") return [];
          heard.push(latin1(input.bytes));
          if (first === undefined) {
            first = input.bytes.slice();
            input.bytes.fill(0);
            return [];
          }
          gate.failed(latin1(key));
          return [{ kind: "transmit", bytes: first }];
        },
      };
    },
    knowledge,
    () => undefined,
  );
  const feed = (text: string) =>
    puppet.feed({ kind: "datagram", bytes: utf8(text), from: "somebody:1" }, 0);
  expect(feed("first")).toEqual([]);
  expect(feed("second")).toEqual([]);
  // It has stalled, and is built again from its history; now it may go on.
  knowledge.observe(key);
  expect(puppet.advance(1)).toEqual([{ kind: "transmit", bytes: utf8("first") }]);
  expect(heard).toEqual(["first", "second", "first", "second"]);
});
