import { expect, test } from "vitest";
import { type Network, Playbook } from "../testing/playbook.ts";
import { statement } from "./statement.ts";

const alice = "alice:40000";
const bob = "bob:2818";
const said = ["rent, 400 crowns", "tea, 2 crowns"];

/** One statement, and what alice's process makes of it once she has asked for it. */
function outputsOf(ending: string, network?: Network): readonly string[] {
  const play = new Playbook({
    protocol: statement,
    options: { ending },
    network,
    programsEnd: true,
  });
  play.open(bob).open(alice).connect(alice, bob);
  for (const line of said) play.say(bob, line, { session: alice });
  return play
    .run()
    .lines(alice)
    .filter((line) => line.includes("<<"))
    .map((line) => line.replace(/^.*<< /, ""))
    .slice(2);
}

const all = ['deliver "rent, 400 crowns" from bob', 'deliver "tea, 2 crowns" from bob'];
const end = ["end of what bob says", "exit ok"];

test.each(["sealed", "closed"])("all lines, then the end: %s", (ending) => {
  expect(outputsOf(ending)).toEqual([...all, ...end]);
});

test("without one of its records a statement has no end, if that is sealed", () => {
  for (const nth of [2, 3]) {
    let n = 0;
    const lose: Network = (packet) => (packet.from === bob && ++n === nth ? [] : [packet]);
    const rest = all.filter((_, i) => i !== nth - 2);
    expect(outputsOf("sealed", lose)).toEqual([...rest, "exit because the statement is cut off"]);
  }
});

test("a record that was changed, or comes again, is discarded", () => {
  const flip: Network = (p) =>
    p.from === bob && p.bytes.length > 16 ? [{ ...p, bytes: p.bytes.map((b) => b ^ 1) }, p] : [p];
  expect(outputsOf("sealed", flip).filter((line) => line.startsWith("reject"))).toEqual([
    "reject malformed",
    "reject malformed",
    "reject malformed",
  ]);
  const twice: Network = (p) => (p.from === bob && p.bytes.length > 16 ? [p, p] : [p]);
  const rejected = outputsOf("sealed", twice).filter((line) => line.startsWith("reject"));
  expect(new Set(rejected)).toEqual(new Set(["reject replayed"]));
});
