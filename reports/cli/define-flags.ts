/** The flags that commands share. What is given for them is checked in flags.ts. */
import type { Command } from "commander";
import { Option } from "commander";
import { defaultSeed } from "../../harness/subject.ts";

/** For everything that searches. */
export function addLimitFlags(command: Command): Command {
  return command
    .option("--guarantee <id...>", "only these guarantees")
    .option("--capability <name...>", "only attackers with these capabilities, or less");
}

/** For searches that go deep into one protocol. */
export function addDepthFlags(command: Command): Command {
  return addLimitFlags(command).option("--sessions <n>", "only the first sessions of the workload");
}

/** For everything that goes through the whole catalogue. */
export function addSearchFlags(command: Command): Command {
  return addLimitFlags(command)
    .option("--budget <amount>", "per protocol: 5000runs (repeatable), or 30s (not)")
    .option("--bail", "stop at the first broken claim");
}

export function addCommonFlags(command: Command, json = true): Command {
  if (json) command.option("--json", "one JSON document on standard output, and nothing else");
  return command
    .option("--seed <text>", "decides all randomness; the same seed, the same result", defaultSeed)
    .option("--out <folder>", "where attacks and reports are saved", "mallory-out")
    .option("--workers <n>", "how many threads work at the same time")
    .option("--no-color", "no colours (also: NO_COLOR)")
    .option("-q, --quiet", "no progress")
    .addOption(new Option("--debug", "show where our own errors come from").hideHelp());
}
