/** The commands to and from capture files. */
import { type Command, Option } from "commander";
import { defaultSeed } from "../../harness/subject.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import type { ExportOptions } from "./pcap-export.ts";
import type { ImportOptions } from "./pcap-import.ts";

type Act = (command: Command, action: (flags: Flags) => Promise<number> | number) => void;

const exportHelp = `
Beside x.pcapng there is x.lua then, with which Wireshark shows what the bytes are:
  npx mallory pcap export mallory-out/attacks/preshared/replay.json -o x.pcapng
  wireshark -X lua_script:x.lua x.pcapng
Only pcapng has room for comments, names, and the attack itself, which import --replay runs again.
`;

const importHelp = `
--as hands every payload to the honest endpoint that would receive it, in a run in which nothing
else arrives, and says what the endpoint does with it. Its keys are those of the run, so that what
was sealed with others is rejected. --moves prints the payloads as moves for a scenario's attack.
`;

export function definePcap(root: Command, io: Io, act: Act): void {
  const pcap = root.command("pcap").description("captures, to and from Wireshark");
  common(pcap.command("export").description("write a run as a capture"))
    .argument("<run>", "an attack (.json), a trace (.jsonl), a scenario, or a protocol")
    .option("-o, --output <file>", "the capture; what Wireshark is told lies beside it, as .lua")
    .option("--format <name>", "pcapng, pcap (microseconds), pcap-ns (nanoseconds)")
    .option("--trust", "run the code that the file names: a protocol that is not bundled")
    .addHelpText("after", exportHelp)
    .action((what: string, options: ExportOptions, command: Command) => {
      act(command, async (flags) => {
        const { pcapExportCommand } = await import("./pcap-export.ts");
        return pcapExportCommand(what, options, flags, io);
      });
    });

  common(pcap.command("import").description("list a capture, and use its packets"))
    .argument("<file>", "a capture: pcap or pcapng")
    .option("--as <protocol>", "what do this protocol's endpoints make of the packets?")
    .option("--moves", "print the packets as moves, for a scenario")
    .option("--replay", "run the attack again that an exported capture holds")
    .option("--trust", "with --replay: run the code that the capture names")
    .addHelpText("after", importHelp)
    .action((file: string, options: ImportOptions, command: Command) => {
      act(command, async (flags) => {
        const { pcapImportCommand } = await import("./pcap-import.ts");
        return pcapImportCommand(file, options, flags, io);
      });
    });
}

const common = (command: Command): Command =>
  command
    .option("--json", "one JSON document on standard output, and nothing else")
    .option("--seed <text>", "decides all randomness; the same seed, the same result", defaultSeed)
    .option("--no-color", "no colours (also: NO_COLOR)")
    .option("-q, --quiet", "no notes")
    .addOption(new Option("--debug", "show where our own errors come from").hideHelp());
