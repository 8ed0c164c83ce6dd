/**
 * The command line: commands, flags and exit codes. See process.ts for the process around it.
 */
import { Command, CommanderError } from "commander";
import { nearest } from "../../harness/nearest.ts";
import { UserError } from "../../harness/user-error.ts";
import { terminalText } from "../escape.ts";
import { dashCommand } from "./dash.ts";
import { addCommonFlags, addSearchFlags, type Flags, flagsOf } from "./flags.ts";
import { exitCode, type Io } from "./io.ts";
import { listCommand, listNames } from "./list.ts";
import { thrownWords } from "./load.ts";
import { matrixCommand, ownWords } from "./matrix.ts";
import { replayCommand } from "./replay.ts";
import { formats, parseFormats, reportCommand } from "./report.ts";
import { refuseProtocols, runCommand } from "./run.ts";
import { version } from "./version.ts";

const protocolHelp = "bundled names, as a?option=value, or files: ./my.ts, ./my.ts#exportName";

const exitHelp = `
Exit codes:
  0    as expected
  1    a claim of your own protocol is broken, a bundled protocol with default options is not as
       its scenario file expects, a scenario deviates, or a replay differs
  2    misuse or bad input; one line says what and where
  3    our own error
  130  stopped by Ctrl-C

Examples:
  npx mallory                                       the dashboard: everything that is bundled
  npx mallory matrix ./my-protocol.ts               which guarantees of my protocol hold?
  npx mallory matrix object-security?seg=128 --guarantee integrity replay
  npx mallory replay mallory-out/attacks/object-security/integrity.json
  npx mallory run                                   do all scenarios come out as they should?
`;

const capabilityHelp = `
An attacker with a capability may also do what is less: on-path includes passive and off-path.
Write protocols before --guarantee and --capability, which take every word after them.
The attack behind every broken guarantee is saved below <out>/attacks; "replay" shows it again.
`;

type Action = (flags: Flags) => Promise<number> | number;

/** Builds the commands; whichever is asked for hands its work to `act`. */
function program(io: Io, act: (command: Command, action: Action) => void): Command {
  const root = new Command("mallory")
    .description("Tries to break protocols, and shows how. Holds is never a proof.")
    .version(version)
    .helpCommand(false)
    .addHelpText("after", exitHelp);
  const define = (name: string, about: string): Command => root.command(name).description(about);

  addSearchFlags(addCommonFlags(define("matrix", "all guarantees under all generic attackers")))
    .argument("[protocol...]", protocolHelp)
    .addHelpText("after", capabilityHelp)
    .action((names: string[], _, command: Command) => {
      act(command, (flags) => matrixCommand(names, flags, io));
    });

  addCommonFlags(define("replay", "run a saved attack or trace again: is it the same?"))
    .argument("<file>", "an attack (.json) or a trace (.jsonl)")
    .option("--trace <file>", "write the whole run as a trace")
    .action((file: string, options: { trace?: string }, command: Command) => {
      act(command, (flags) => replayCommand(file, options.trace, flags, io));
    });

  addCommonFlags(define("run", "run scenarios and hold them against what they expect"))
    .argument("[scenario...]", "names of bundled scenarios, or files; none: all bundled ones")
    .option("--bail", "stop at the first deviation")
    .action((names: string[], _, command: Command) => {
      act(command, (flags) => {
        refuseProtocols(names);
        return runCommand(names, flags, io);
      });
    });

  addCommonFlags(define("list", "what there is"))
    .argument("[what]", listNames.join(", "))
    .action((what: string | undefined, _, command: Command) => {
      act(command, (flags) => listCommand(what, flags, io));
    });

  addSearchFlags(addCommonFlags(define("report", "write the matrix as documents"), false))
    .argument("[protocol...]", protocolHelp)
    .option("--format <name...>", formats.join(", "), ["html", "markdown"])
    .action((names: string[], options: { format: string[] }, command: Command) => {
      act(command, (flags) => reportCommand(names, parseFormats(options.format), flags, io));
    });

  addSearchFlags(addCommonFlags(define("dash", "the dashboard: watch the matrix fill"), false))
    .argument("[protocol...]", protocolHelp)
    .action((names: string[], _, command: Command) => {
      act(command, (flags) => dashCommand(names, flags, io));
    });

  // Without a command: the dashboard, or the table where there is no terminal to draw on.
  const names = root.commands.map((c) => c.name());
  const start = root.command("start", { isDefault: true, hidden: true });
  addSearchFlags(addCommonFlags(start))
    .argument("[word...]")
    .action((words: string[], _, command: Command) => {
      act(command, (flags) => {
        const [word] = words;
        if (word !== undefined) throw unknownCommand(word, names);
        return io.interactive && !flags.json
          ? dashCommand([], flags, io)
          : matrixCommand([], flags, io);
      });
    });
  return root;
}

function unknownCommand(word: string, names: readonly string[]): UserError {
  const near = nearest(word, names);
  const meant = near === undefined ? "" : ` did you mean "${near}"?`;
  return new UserError(`there is no command "${word}";${meant} (there are: ${names.join(", ")})`);
}

/** commander says "error: …", and hints in a second line. */
function commanderWords(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, "")
    .replace(/\n\(?/g, "; ")
    .replace(/\)$/, "");
  return `${text}; see npx mallory --help`;
}

/** Runs one command line. @returns the exit code; never rejects. */
export async function main(io: Io): Promise<number> {
  const noColor = (io.env.NO_COLOR ?? "") !== "";
  const debugAsked = (io.env.MALLORY_DEBUG ?? "") !== "" || io.args.includes("--debug");
  let chosen: { readonly command: Command; readonly action: Action } | undefined;
  let flags: Flags | undefined;
  try {
    const root = program(io, (command, action) => {
      chosen = { command, action };
    });
    for (const command of [root, ...root.commands]) quietly(command, io);
    root.parse([...io.args], { from: "user" });
    if (chosen === undefined) return exitCode.asExpected;
    flags = { ...flagsOf(chosen.command.opts(), noColor), debug: debugAsked };
    return await chosen.action(flags);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.asExpected;
      io.err(`${terminalText(commanderWords(error))}\n`);
      return exitCode.badInput;
    }
    const mine = !(error instanceof UserError);
    const seed = flags?.seed ?? "";
    const message = mine ? ownWords({ message: thrownWords(error) }, { seed }, io) : error.message;
    io.err(`${terminalText(message)}\n`);
    if (debugAsked && error instanceof Error) io.err(`${error.stack ?? ""}\n`);
    return mine ? exitCode.ownError : exitCode.badInput;
  }
}

/** Commands end by exceptions, and write where they are told. */
function quietly(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    // Errors are told in one line, by main.
    writeErr: () => {},
    outputError: () => {},
    getOutHelpWidth: () => io.columns(),
    getOutHasColors: () => false,
  });
}
