/**
 * The long test that is run by hand: a million random attacks on the sound protocols.
 * `npm run long`, or `npm run long -- preshared 50000`; a third number goes on after so many
 * rounds of ten thousand.
 */
import { fuzz } from "../../harness/search/fuzz.ts";
import { protocols } from "../../protocol/catalog.ts";

const [name = "preshared", runs = "1000000", from = "0"] = process.argv.slice(2);
const protocol = protocols.find((p) => p.name === name);
if (protocol === undefined) {
  console.error(`there is no bundled protocol "${name}"`);
  process.exit(2);
}
const options = Object.fromEntries(
  Object.entries(protocol.options ?? {}).map(([key, spec]) => [key, spec.default]),
);
/** Each with a seed of its own, so that a short command reproduces a finding. */
const perRound = 10_000;
const claimed = protocol.claims.map((c) => c.guarantee);
let found = 0;
for (let done = 0, round = 0; done < Number(runs); done += perRound, round++) {
  const fuzzRuns = Math.min(perRound, Number(runs) - done);
  const settings = { seed: `long/${Number(from) + round}`, fuzzRuns, guarantees: claimed };
  const { report, transitions } = fuzz({ protocol, options, source: name }, settings);
  const broken = report.verdicts.filter((v) => v.verdict === "broken");
  found += broken.length;
  console.log(`${done + fuzzRuns} attacks, ${transitions} transitions, ${found} claims broken`);
  for (const v of broken) console.log(JSON.stringify(v.finding?.attack));
}
process.exitCode = found === 0 ? 0 : 1;
