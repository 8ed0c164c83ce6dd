/** `mallory list`: what there is. */
import pc from "picocolors";
import { capabilities, capabilityMeaning } from "../../attacker/move.ts";
import { strategies } from "../../attacker/strategies/catalog.ts";
import { guarantees } from "../../harness/guarantees/catalog.ts";
import { unknownName } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { protocols } from "../../protocol/catalog.ts";
import { bundledScenarios } from "../../scenarios/load.ts";
import { displayWidth, hanging, padEnd } from "../columns.ts";
import { terminalText } from "../escape.ts";
import { type ListName, listNames } from "./choices.ts";
import type { Flags } from "./flags.ts";
import { exitCode, type Io } from "./io.ts";

interface Entry {
  readonly id: string;
  readonly text: string;
  /** Further lines, for people. */
  readonly details?: readonly string[];
  /** Further fields, for programs. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const lists: Readonly<Record<ListName, (cwd: string) => readonly Entry[]>> = {
  protocols: () =>
    protocols.map((p) => ({
      id: p.name,
      text: p.title,
      details: Object.entries(p.options ?? {}).map(
        ([name, o]) => `${name}=${o.values.join("|")} (${o.default}): ${o.about}`,
      ),
      data: {
        transport: p.transport,
        options: p.options ?? {},
        claims: [...new Set(p.claims.map((c) => c.guarantee))],
      },
    })),
  guarantees: () =>
    guarantees.map((g) => ({
      id: g.id,
      text: g.statement,
      data: { source: g.source, judged: true },
    })),
  strategies: () =>
    strategies.map((s) => ({ id: s.id, text: s.title, data: { capability: s.capability } })),
  scenarios: (cwd) =>
    bundledScenarios(cwd).map((s) => ({
      id: s.name,
      text: s.title,
      data: { file: s.file, protocol: s.protocol },
    })),
  capabilities: () => capabilities.map((c) => ({ id: c, text: capabilityMeaning[c] })),
};

const isListName = (name: string): name is ListName =>
  (listNames as readonly string[]).includes(name);

export function listCommand(what: string | undefined, flags: Flags, io: Io): number {
  if (what !== undefined && !isListName(what)) {
    throw new UserError(unknownName("list", what, listNames));
  }
  const wanted = what === undefined ? listNames : [what];
  const found = wanted.map((name) => ({ name, entries: lists[name](io.cwd) }));
  if (flags.json) {
    const data = found.map(({ name, entries }) => [
      name,
      entries.map(({ id, text, data: more }) => ({ id, text, ...more })),
    ]);
    io.out(jsonText({ schema: "mallory/list@1", ...Object.fromEntries(data) }));
    return exitCode.asExpected;
  }
  const colors = pc.createColors(flags.color && io.outIsTerminal);
  const lines = found.flatMap(({ name, entries }) => {
    const width = Math.max(0, ...entries.map((e) => displayWidth(e.id)));
    const rows = entries.flatMap((e) => [
      ...hanging(`  ${padEnd(terminalText(e.id), width)}  `, terminalText(e.text), io.columns()),
      ...(e.details ?? []).flatMap((d) =>
        hanging(`  ${" ".repeat(width)}    `, terminalText(d), io.columns()).map((l) =>
          colors.dim(l),
        ),
      ),
    ]);
    return wanted.length === 1 ? rows : [colors.bold(name), ...rows, ""];
  });
  io.out(`${lines.join("\n").trimEnd()}\n`);
  return exitCode.asExpected;
}
