/** The dashboard on a real terminal emulator: what blessed writes is read from its screen. */
import { PassThrough } from "node:stream";
import xterm from "@xterm/headless";
import { afterEach, expect, test } from "vitest";
import type { Finding } from "../../harness/verdict.ts";
import { progressOf, sampleReplayCommand, sampleReport } from "../testing/sample-report.ts";
import { type Dashboard, type DashboardOptions, openDashboard } from "./screen.ts";

class FakeTty extends PassThrough {
  readonly isTTY = true;
  isRaw = false;
  columns: number;
  rows: number;
  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }
  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    return this;
  }
}

const open: Bench[] = [];
interface Bench {
  readonly dashboard: Dashboard;
  readonly input: FakeTty;
  readonly terminal: xterm.Terminal;
  /** Everything that was written to the terminal. */
  written(): string;
  rows(): Promise<string[]>;
  key(keys: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
}

function start(columns = 100, rows = 24, options: DashboardOptions = {}): Bench {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const input = new FakeTty(columns, rows);
  const output = new FakeTty(columns, rows);
  let written = "";
  let pending: Promise<void> = Promise.resolve();
  output.on("data", (chunk: Buffer) => {
    written += chunk.toString("utf8");
    pending = new Promise((resolve) => terminal.write(chunk, resolve));
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 3; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await pending;
    }
  };
  const dashboard = openDashboard({
    input,
    output,
    replayCommand: sampleReplayCommand,
    now: () => 0,
    ...options,
  });
  const bench: Bench = {
    dashboard,
    input,
    terminal,
    written: () => written,
    async rows() {
      // Progress is drawn with a delay.
      await new Promise((resolve) => setTimeout(resolve, 60));
      await settle();
      const buffer = terminal.buffer.active;
      return Array.from({ length: terminal.rows }, (_, y) =>
        (buffer.getLine(y)?.translateToString(true) ?? "").trimEnd(),
      );
    },
    async key(keys) {
      input.write(keys);
      await settle();
    },
    async resize(newColumns, newRows) {
      Object.assign(output, { columns: newColumns, rows: newRows });
      terminal.resize(newColumns, newRows);
      output.emit("resize");
      await settle();
    },
  };
  open.push(bench);
  return bench;
}

afterEach(() => {
  for (const bench of open.splice(0)) {
    bench.dashboard.close();
    bench.terminal.dispose();
  }
});

function fill(bench: Bench, events = 1_000): void {
  for (const event of progressOf(sampleReport).slice(0, events)) bench.dashboard.progress(event);
}

const arrow = { up: "\x1b[A", down: "\x1b[B", right: "\x1b[C" } as const;

test("the matrix fills while it is watched, and the report completes it", async () => {
  const bench = start(80, 20);
  expect((await bench.rows())[3]).toBe("  Nothing has started yet.");
  fill(bench, 29);
  const rows = await bench.rows();
  expect(rows[4]).toBe(" 1–8 of 9                ██████░░░ 61%   ░░░░░░░░░ 0%");
  expect(rows[5]).toBe(" confidentiality        !✗ on-path -     ·");
  expect(rows[13]).toMatch(/^── paper-boat › confidentiality ─+$/);
  fill(bench);
  bench.dashboard.finish(sampleReport);
  const done = await bench.rows();
  expect(done[5]).toBe(" confidentiality        !✗ on-path -     ✓ holds");
  expect(done[19]).toContain("done, 21,080 runs, 3.4 s");
  expect(bench.terminal.buffer.active.type).toBe("alternate");
});

test("arrows, Enter and Escape", async () => {
  const opened: string[] = [];
  const onOpen = (finding: Finding): void => {
    opened.push(finding.attack.guarantee);
  };
  const bench = start(100, 40, { onOpen });
  fill(bench);
  await bench.rows();
  await bench.key(arrow.down);
  await bench.key(arrow.down);
  await bench.key("\r");
  const rows = (await bench.rows()).join("\n");
  expect(rows).toContain("server#0 delivered “transfer 100 to carol” twice");
  expect(rows).toContain("36 ms  mallory → server#0");
  expect(rows).toContain("mallory replay mallory-out/attacks/paper-boat-replay.json");
  expect(opened).toEqual(["replay"]);
  await bench.key("\x1b");
  expect((await bench.rows()).join("\n")).not.toContain("What happens");
  await bench.key("\r");
  await bench.key("\x7f");
  expect((await bench.rows()).join("\n")).not.toContain("What happens");
  // A cell that holds has nothing to open for others, but shows how hard it was tried.
  await bench.key(arrow.right);
  await bench.key("\r");
  expect((await bench.rows()).join("\n")).toContain("not a proof");
  expect(opened).toEqual(["replay", "replay"]);
});

test("hostile text reaches neither the terminal nor blessed's markup", async () => {
  const bench = start(120, 50);
  fill(bench);
  bench.dashboard.finish(sampleReport);
  bench.dashboard.message("{red-fg}\x1b]0;owned\x07\x1b[2J");
  const rows = await bench.rows();
  expect(rows[49]).toContain("{red-fg}\\x1b]0;owned\\x07\\x1b[2J");
  await bench.key(arrow.down);
  await bench.key("\r");
  expect((await bench.rows()).join("\n")).toContain("\\x1b[2J\\x1b]0;owned\\x07<script>");
  expect(bench.written()).not.toContain("owned\x07");
  expect(bench.written()).not.toContain("\x1b]0;");
  expect(bench.written()).not.toContain("\u202e");
});

test.each(["q", "\x03"])("leaving with %j leaves the terminal as it was", async (key) => {
  let quits = 0;
  const bench = start(80, 20, { onQuit: () => (quits += 1) });
  fill(bench);
  await bench.rows();
  expect(bench.input.isRaw).toBe(true);
  await bench.key(key);
  await bench.dashboard.closed;
  await bench.rows();
  expect(bench.terminal.buffer.active.type).toBe("normal");
  expect(bench.input.isRaw).toBe(false);
  expect(quits).toBe(1);
  const shown = bench.written().lastIndexOf("\x1b[?25h");
  expect(shown).toBeGreaterThan(bench.written().lastIndexOf("\x1b[?25l"));
  // Whatever comes after is ignored.
  const before = bench.written();
  fill(bench);
  bench.dashboard.close();
  await bench.rows();
  expect(bench.written()).toBe(before);
  expect(quits).toBe(1);
});

test("resizing lays the screen out again, down to too small and back", async () => {
  const bench = start(120, 24);
  fill(bench);
  expect((await bench.rows())[1]).toContain("PROTOCOLS");
  await bench.resize(60, 14);
  const narrow = await bench.rows();
  expect(narrow).toHaveLength(14);
  expect(narrow[1]).toBe("  Matrix");
  expect(narrow[13]).toMatch(/Enter open · q quit$/);
  await bench.resize(30, 6);
  expect(await bench.rows()).toEqual(["Too small.", "At least 40×10", "q quit", "", "", ""]);
  await bench.resize(120, 24);
  expect((await bench.rows())[1]).toContain("PROTOCOLS");
});

test("wide characters shift nothing", async () => {
  const bench = start(80, 20);
  bench.dashboard.progress({ kind: "protocol", name: "漢字-protocol", guarantees: ["replay"] });
  bench.dashboard.progress({ kind: "protocol", name: "😀e\u0301", guarantees: ["replay"] });
  const rows = await bench.rows();
  expect(rows[3]?.replaceAll(" ", "")).toBe("漢字-protocol\\u{1f600}e\\u{…");
  expect(rows[5]).toBe(" replay                  ·               ·");
});

test("colours mark the selected cell; without them it is reversed", async () => {
  const cellAt = (bench: Bench, x: number, y: number) =>
    bench.terminal.buffer.active.getLine(y)?.getCell(x);
  const colored = start(80, 20);
  fill(colored);
  await colored.rows();
  expect(cellAt(colored, 26, 5)?.getBgColor()).toBe(24);
  expect(cellAt(colored, 26, 5)?.getFgColor()).toBe(210);
  expect(cellAt(colored, 79, 10)?.getBgColor()).toBe(234);
  const plain = start(80, 20, { color: false });
  fill(plain);
  await plain.rows();
  expect(cellAt(plain, 26, 5)?.isInverse()).not.toBe(0);
  expect(cellAt(plain, 26, 5)?.isFgDefault()).toBe(true);
});
