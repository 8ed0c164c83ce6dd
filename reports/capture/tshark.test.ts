/** What Wireshark makes of exports: skipped where tshark is not installed. */
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Recording } from "../../harness/capture/recording.ts";
import { temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { hex } from "../../protocol/kit/bytes.ts";
import { recorded } from "./testing/recorded.ts";
import { type CaptureFormat, captureOf } from "./write/capture.ts";

const tshark = process.env.MALLORY_TSHARK ?? "tshark";
const isThere = spawnSync(tshark, ["--version"]).status === 0;
if (!isThere) console.warn("tshark is not installed: what Wireshark makes of captures is not seen");

const folder = temporaryFolder();
afterAll(() => folder.remove());
chmodSync(folder.path, 0o755);

/** Wireshark runs no program of anybody's for root. */
const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const checked = ["ip", "udp", "tcp"].flatMap((p) => ["-o", `${p}.check_checksum:TRUE`]);

function shark(...args: readonly string[]): string {
  const env = { ...process.env, HOME: folder.path };
  const { stdout, stderr, status } = spawnSync(tshark, [...checked, ...args], {
    ...asNobody,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(`${status} ${stderr}`).toMatch(/^0 (?!.*\b(?:[Ll]ua|error|cut short)\b)/s);
  return stdout;
}

let written = 0;
function write(recording: Recording, format: CaptureFormat = "pcapng") {
  const { bytes, lua } = captureOf(recording, format);
  const name = join(folder.path, `capture-${++written}`);
  writeFileSync(`${name}.pcapng`, bytes, { mode: 0o644 });
  writeFileSync(`${name}.lua`, lua, { mode: 0o644 });
  return { file: `${name}.pcapng`, lua: `lua_script:${name}.lua` };
}

const first = { from: "client#0", to: "server#0", nth: 1 };
const flip: Attack = [
  { move: "modify", packet: { ...first, nth: 3 }, edits: [{ edit: "flip", at: 5, mask: 1 }] },
  { move: "drop", packet: { ...first, nth: 5 } },
];
const relayed = { from: "client#0", to: "relay#0", nth: 2 };
const runs: Readonly<Record<string, { readonly moves: Attack; readonly says: readonly string[] }>> =
  {
    "object-security": {
      moves: flip,
      says: ["IV", "ciphertext", "public key", "base64", "changed"],
    },
    securecom: {
      moves: [{ move: "modify", packet: relayed, edits: [{ edit: "flip", at: 8, mask: 1 }] }],
      says: ["IV", "ciphertext", "tag", "public key", "decimal", "changed"],
    },
    "secure-channel": { moves: flip, says: ["ciphertext", "tag", "public key", "changed"] },
    "alice-bob?key=secret": { moves: [], says: ["IV", "ciphertext", "MAC", "base64url"] },
  };

describe.runIf(isThere)("Wireshark", () => {
  describe.each(Object.entries(runs))("reads %s", (name, { moves, says }) => {
    const recording = recorded(name, moves);
    const { file, lua } = write(recording);

    test("without finding anything malformed, or a wrong checksum", () => {
      const bad = "_ws.malformed || _ws.expert.severity >= 0x600000 || tcp.analysis.flags";
      const sums =
        "ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0";
      for (const script of [[], ["-X", lua]]) {
        for (const filter of [bad, sums])
          expect(shark("-r", file, ...script, "-Y", filter)).toBe("");
      }
    });

    test("and names what its bytes are", () => {
      const parts = shark("-r", file, "-X", lua, "-T", "fields", "-e", "mallory.part");
      for (const label of says) expect(parts).toContain(`${label}: `);
    });

    test("in every format", () => {
      const lines = ["pcapng", "pcap", "pcap-ns"] as const;
      const seen = lines.map((format) => {
        const fields = ["frame.number", "eth.src", "ip.src", "ip.dst", "data"];
        const shown = fields.flatMap((f) => ["-e", f]);
        return shark("-r", write(recording, format).file, "-T", "fields", ...shown);
      });
      expect(new Set(seen).size).toBe(1);
    });
  });

  test("follows a stream to the same bytes", () => {
    const recording = recorded("alice-bob?key=secret");
    const followed = shark("-r", write(recording).file, "-q", "-z", "follow,tcp,raw,0");
    const lines = followed.split("\n").filter((line) => /^\t?[0-9a-f]+$/.test(line));
    const own = recording.packets.filter((p) => `${p.source} ${p.destination}`.includes(":40000"));
    expect(lines.map((line) => line.trim())).toEqual(own.map((p) => hex(p.bytes)));
  });

  test("shows comments and names", () => {
    const { file } = write(recorded("object-security", flip));
    const comments = shark("-r", file, "-T", "fields", "-e", "frame.comment");
    expect(comments).toContain("Attacker: dropped. It never arrives.");
    const shown = ["-T", "fields", "-e", "ip.src_host", "-e", "frame.interface_name"];
    const hosts = shark("-r", file, "-N", "n", ...shown);
    expect(new Set(hosts.trim().split("\n"))).toEqual(
      new Set([
        "alice\tas-sent",
        "bob\tas-sent",
        "alice.arrived\tas-arrived",
        "bob.arrived\tas-arrived",
      ]),
    );
  });
});
