/**
 * The command line: commands, flags and exit codes. See process.ts for the process around it.
 * What a command needs is loaded when it is asked for.
 */
import { Command, CommanderError } from "commander";
import { nearest } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { version } from "../../harness/runner/version.ts";
import { terminalText } from "../escape.ts";
import type { TitleData } from "../title-data.ts";
import { formatNames, listNames } from "./choices.ts";
import { addCommonFlags, addDepthFlags, addSearchFlags } from "./define-flags.ts";
import { definePcap } from "./define-pcap.ts";
import type { Flags, RawFlags } from "./flags.ts";
import type { FuzzFlags } from "./fuzz.ts";
import { exitCode, type Io } from "./io.ts";
import { newCommand, newKinds } from "./new.ts";

const protocolHelp = "bundled names, as a?option=value, or files: ./my.ts, ./my.ts#exportName";

const exitHelp = `
Exit codes:
  0    as expected
  1    a claim of your own protocol is broken, or it is at fault before any attack; a bundled one
       with default options is not as its scenario file expects, a scenario deviates, a replay
       differs, or a diff is worse
  2    misuse, bad input, or output that cannot be written; one line says what and where
  3    our own error
  130  stopped by Ctrl-C or another signal; what was found by then is saved
  137  ended by force after all was written, since code of a protocol could not be stopped

Examples:
  npx mallory                                       the dashboard: everything that is bundled
  npx mallory matrix ./my-protocol.ts               which guarantees of my protocol hold?
  npx mallory matrix signed-dh?keys=one --guarantee integrity replay
  npx mallory replay mallory-out/attacks/signed-dh/replay.json
  npx mallory diff preshared preshared?window=off   what does the window defend?
  npx mallory defences preshared                    and every other of its defences?
  npx mallory grade-messages noise?pattern=IK       which of its messages are how secret?
  npx mallory new protocol my-protocol              a file to start from
  npx mallory pcap export signed-dh -o x.pcapng     its packets, for Wireshark
  npx mallory run                                   do all scenarios come out as they should?
`;

const capabilityHelp = `
An attacker with a capability may also do what is less: on-path includes passive and off-path.
Write protocols before --guarantee and --capability, which take every word after them.
The attack behind every broken guarantee is saved below <out>/attacks; "replay" shows it again.
`;

const exploreHelp = `
The attacks are all lists of so many moves, of every kind and at every packet and moment that a run
shows. Each move more multiplies the work by some hundreds: --budget ends the search in between,
and --sessions 1 looks into a smaller world.
The work is always divided into the same parts, whatever --workers is: so is the result.
`;

const fuzzHelp = `
The folder of --corpus has one file for each attack, a JSON list of moves. A file that is none is
named in one line and skipped. Its state is saved every few hundred runs: after an interruption,
--resume draws the attacks that an uninterrupted search would have drawn. What is broken, and which
attacks are kept, comes out the same; the effort told for each guarantee, and which of several
attacks on it is shown, are those of the last sitting.
`;

const diffHelp = `
Ends with 1 if anything got worse. Better is what needs a stronger attacker, or breaks no more.
Revisions of git are not read; to compare with one, check it out beside:
  git worktree add ../before v1
  npx mallory diff ../before/my-protocol.ts ./my-protocol.ts
`;

type Action = (flags: Flags) => Promise<number> | number;

type Act = (command: Command, action: Action) => void;
type Define = (name: string, about: string) => Command;

/** Builds the commands; whichever is asked for hands its work to `act`. */
function program(io: Io, act: Act): Command {
  const root = new Command("mallory")
    .description("Tries to break protocols, and shows how. Holds is never a proof.")
    .version(version)
    .helpCommand(false)
    .addHelpText("after", exitHelp);
  const define: Define = (name, about) => root.command(name).description(about);

  addSearchFlags(addCommonFlags(define("matrix", "all guarantees under all generic attackers")))
    .argument("[protocol...]", protocolHelp)
    .addHelpText("after", capabilityHelp)
    .action((names: string[], _, command: Command) => {
      act(command, async (flags) => {
        const { matrixCommand } = await import("./matrix.ts");
        return matrixCommand(names, flags, io);
      });
    });

  defineSearches(io, act, define);
  defineDefences(io, act, define);
  defineGrades(io, act, define);
  defineFiles(io, act, define);
  defineReports(io, act, define);
  definePcap(root, io, act);

  // Without a command: the dashboard, or the table where there is no terminal to draw on.
  const names = root.commands.map((c) => c.name());
  const start = root.command("start", { isDefault: true, hidden: true });
  addSearchFlags(addCommonFlags(start))
    .argument("[word...]")
    .action((words: string[], _, command: Command) => {
      act(command, async (flags) => {
        const [word] = words;
        if (word !== undefined) throw unknownCommand(word, names);
        if (io.interactive && !flags.json) {
          const { dashCommand } = await import("./dash.ts");
          return dashCommand([], flags, io);
        }
        const { matrixCommand } = await import("./matrix.ts");
        return matrixCommand([], flags, io);
      });
    });
  return root;
}

/** Searches that take longer, for one protocol, or that compare two. */
function defineSearches(io: Io, act: Act, define: Define): void {
  addDepthFlags(addCommonFlags(define("explore", "every attack of up to so many moves")))
    .argument("<protocol>", protocolHelp)
    .option("--depth <moves>", "how many moves an attack may have", "2")
    .option("--budget <amount>", "for the whole search: 5000runs (repeatable), or 30s (not)")
    .addHelpText("after", exploreHelp)
    .action((name: string, { depth }: { depth: string }, command: Command) => {
      act(command, async (flags) => {
        const { exploreCommand, parseDepth } = await import("./explore.ts");
        return exploreCommand(name, parseDepth(depth), flags, io);
      });
    });

  addDepthFlags(addCommonFlags(define("fuzz", "random attacks, grown from those that led on")))
    .argument("<protocol>", protocolHelp)
    .option("--runs <n>", "how many attacks are drawn (10000, or what --resume goes on with)")
    .option("--corpus <folder>", "keeps attacks that led somewhere; they are tried first next time")
    .option("--resume", "go on with the search in that folder where it stopped")
    .option("--budget <seconds>", "stop after so long: 30s, 10m, 8h")
    .addHelpText("after", fuzzHelp)
    .action((name: string, given: FuzzFlags, command: Command) => {
      act(command, async (flags) => {
        const { fuzzCommand } = await import("./fuzz.ts");
        return fuzzCommand(name, given, flags, io);
      });
    });

  addSearchFlags(addCommonFlags(define("diff", "what a change made better, and what worse")))
    .argument("<before>", protocolHelp)
    .argument("<after>", "likewise")
    .addHelpText("after", diffHelp)
    .action((before: string, after: string, _, command: Command) => {
      act(command, async (flags) => {
        const { diffCommand } = await import("./diff.ts");
        return diffCommand([before, after], flags, io);
      });
    });
}

const defencesHelp = `
A protocol's options say which guarantees a switched-off defence carries. Each is switched off
alone and assessed; what breaks then is held against that. Ends with 1 where they differ.
`;

function defineDefences(io: Io, act: Act, define: Define): void {
  addSearchFlags(addCommonFlags(define("defences", "switch off each defence: what breaks?")))
    .argument("<protocol>", protocolHelp)
    .option("--markdown", "print a table for documents")
    .addHelpText("after", defencesHelp)
    .action((name: string, options: { markdown?: true }, command: Command) => {
      act(command, async (flags) => {
        const { defencesCommand } = await import("./defences.ts");
        return defencesCommand(name, options.markdown === true, flags, io);
      });
    });
}

const gradesHelp = `
Source: 0 anybody can send it, 1 whoever has the receiver's long-term secrets can, 2 neither.
Destination: 0 in the clear, 1 to whoever answers; to the receiver alone, and with long-term secrets
disclosed later: 2 readable, 3 only if the attacker meddled, 4 only if it had the sender's as well,
5 not even then. These are the grades of the Noise specification (§7.7), for any protocol.
`;

function defineGrades(io: Io, act: Act, define: Define): void {
  addCommonFlags(define("grade-messages", "how well is each single message protected?"))
    .argument("<protocol>", protocolHelp)
    .option("--markdown", "print a table for documents")
    .option("--budget <amount>", "for all of it: 5000runs (repeatable), or 30s (not)")
    .option("--sessions <n>", "only the first sessions of the workload")
    .addHelpText("after", gradesHelp)
    .action((name: string, options: { markdown?: true }, command: Command) => {
      act(command, async (flags) => {
        const { gradeMessagesCommand } = await import("./grade-messages.ts");
        return gradeMessagesCommand(name, options.markdown === true, flags, io);
      });
    });
}

const runHelp = `
A scenario may name a protocol below its own folder or below the working one, as a path from the
scenario's file. Any other code that it names is run with --trust only: look at it first.
`;

/** Commands about files: attacks, scenarios, and those to start from. */
function defineFiles(io: Io, act: Act, define: Define): void {
  addCommonFlags(define("replay", "run a saved attack or trace again: is it the same?"))
    .argument("<file>", "an attack (.json) or a trace (.jsonl)")
    .option("--trace <file>", "write the whole run as a trace")
    .option("--trust", "run the code that the file names: a protocol that is not bundled")
    .action((file: string, options: { trace?: string; trust?: true }, command: Command) => {
      act(command, async (flags) => {
        const { replayCommand } = await import("./replay.ts");
        return replayCommand(file, options, flags, io);
      });
    });

  addCommonFlags(define("run", "run scenarios and hold them against what they expect"))
    .argument("[scenario...]", "names of bundled scenarios, or files; none: all bundled ones")
    .option("--bail", "stop at the first deviation")
    .option("--trust", "run code from elsewhere, too, if a scenario names it")
    .addHelpText("after", runHelp)
    .action((names: string[], options: { trust?: true }, command: Command) => {
      act(command, async (flags) => {
        const { refuseProtocols, runCommand } = await import("./run.ts");
        refuseProtocols(names);
        return runCommand(names, options, flags, io);
      });
    });

  addCommonFlags(define("list", "what there is"))
    .argument("[what]", listNames.join(", "))
    .action((what: string | undefined, _, command: Command) => {
      act(command, async (flags) => {
        const { listCommand } = await import("./list.ts");
        return listCommand(what, flags, io);
      });
    });

  define("new", "a commented file to start from, which works as it is")
    .argument("<what>", newKinds.join(" or "))
    .argument("<name>", "such as my-protocol; a folder may stand before it")
    .action((what: string, name: string, _, command: Command) => {
      act(command, () => newCommand(what, name, io));
    });
}

interface ReportOptions extends TitleData {
  readonly format: string[];
  readonly grades: boolean;
}

/** The matrix in other forms. */
function defineReports(io: Io, act: Act, define: Define): void {
  addSearchFlags(addCommonFlags(define("report", "write the matrix as documents"), false))
    .argument("[protocol...]", protocolHelp)
    .option("--format <name...>", formatNames.join(", "), ["html", "markdown"])
    .option("--no-grades", "without the grades of each message")
    .option("--course <text>", "for the head of HTML and Markdown, as the next ones")
    .option("--author <text>", "who hands it in; several in one text")
    .option("--institution <text>", "where")
    .option("--date <text>", "as it is to stand there; no clock is asked")
    .addHelpText("after", "\nWith --guarantee or --capability, messages are not graded either.\n")
    .action((names: string[], options: ReportOptions, command: Command) => {
      act(command, async (flags) => {
        const { parseFormats, reportCommand } = await import("./report.ts");
        const isWhole = flags.guarantees === undefined && flags.capabilities === undefined;
        const grades = isWhole && options.grades;
        const { course, author, institution, date } = options;
        const title = { course, author, institution, date };
        const asked = { formats: parseFormats(options.format), grades, title };
        return reportCommand(names, asked, flags, io);
      });
    });

  addSearchFlags(addCommonFlags(define("dash", "the dashboard: watch the matrix fill"), false))
    .argument("[protocol...]", protocolHelp)
    .action((names: string[], _, command: Command) => {
      act(command, async (flags) => {
        const { dashCommand } = await import("./dash.ts");
        return dashCommand(names, flags, io);
      });
    });
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
    quietly(root, io);
    root.parse([...io.args], { from: "user" });
    if (chosen === undefined) return exitCode.asExpected;
    flags = { ...(await flagsGiven(chosen.command, noColor)), debug: debugAsked };
    return await chosen.action(flags);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.asExpected;
      io.err(`${terminalText(commanderWords(error))}\n`);
      return exitCode.badInput;
    }
    const mine = !(error instanceof UserError);
    const message = mine ? await ownMessage(error, flags?.seed ?? "", io) : error.message;
    io.err(`${terminalText(message)}\n`);
    if (debugAsked && error instanceof Error) io.err(`${error.stack ?? ""}\n`);
    return mine ? exitCode.ownError : exitCode.badInput;
  }
}

/** @throws UserError */
async function flagsGiven(command: Command, noColor: boolean): Promise<Flags> {
  const raw: RawFlags = command.opts();
  const { flagsOf } = await import("./flags.ts");
  if (raw.guarantee === undefined && raw.capability === undefined) return flagsOf(raw, noColor);
  const { protocols } = await import("../../protocol/catalog.ts");
  const bundled = protocols.map((p) => p.name);
  return flagsOf(raw, noColor, bundled);
}

/** Our own error in one line. */
async function ownMessage(error: unknown, seed: string, io: Io): Promise<string> {
  const { thrownWords } = await import("../../harness/runner/load-complaints.ts");
  const { ownWords } = await import("./matrix.ts");
  return ownWords({ message: thrownWords(error) }, { seed }, io);
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
  for (const inner of command.commands) quietly(inner, io);
}
