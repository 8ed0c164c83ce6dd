/** What is said of puppets that failed at their start: some strategies have tried nothing then. */
import type { ProtocolReport } from "../harness/verdict.ts";

/** A line on each strategy that tried nothing, and one on all other puppets that failed. */
export function puppetLines({ failedPuppets = [] }: ProtocolReport): readonly string[] {
  const idle = failedPuppets.filter((c) => !c.tried);
  const others = failedPuppets.filter((c) => c.tried);
  const lines = idle.map(({ strategy, puppets, because }) =>
    puppets === 1
      ? `${strategy} tried nothing: its only puppet failed at its start: ${because}`
      : `${strategy} tried nothing: all ${puppets} puppets failed at their start: ${because}`,
  );
  const sum = (what: "puppets" | "failed") => others.reduce((total, c) => total + c[what], 0);
  const [first] = others;
  if (first === undefined) return lines;
  const some = `${sum("failed")} of ${sum("puppets")} other puppets`;
  return [...lines, `${some} failed at their start, the first of them: ${first.because}`];
}
