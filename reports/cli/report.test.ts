/** Reports for programs, from the command line: where in the code an attack comes through. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { hostile } from "../testing/sample-report.ts";
import { checkedSarif } from "../testing/sarif-schema.ts";
import { readXml } from "../testing/xml.ts";
import { endThreads, run } from "./testing/fake-io.ts";

const folder = temporaryFolder();
afterAll(async () => {
  await endThreads();
  folder.remove();
});

/** Two files: what makes the output lies beside the protocol. Types, for lines that must be kept. */
const helper = `
export type Delivered = { readonly kind: "deliver" };


export const delivered = (message: Uint8Array, from: string) =>
  ({ kind: "deliver", message, from }) as const; // the helper accepts
`;
const protocol = (deliver: string): string => `
import type { Endpoint, Env, Input, Output, Protocol } from "mallory";
${'import { delivered } from "./helper.ts";'}

interface Unused {
  readonly kind: "deliver";
}

const kinds = ["deliver"] as const;

class Sender implements Endpoint {
  handle(input: Input): Output[] {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind !== "send") return [];
    return [{ kind: "transmit", bytes: input.message }];
  }
}

class Reader implements Endpoint {
  readonly #env: Env;
  constructor(env: Env) { this.#env = env; }
  handle(input: Input): Output[] {
    if (input.kind !== "datagram") return [];
    const mark = this.#env.crypto.hash("sha256", input.bytes); // hashes
    if (mark.length !== 32) return [{ kind: "deliver", message: mark, from: "nobody" }];
    return this.#accept(input.bytes);
  }
  #accept(message: Uint8Array): Output[] {
    const out: Output[] = [];
    ${deliver}
    return out; // at least here
  }
}

export const plain: Protocol = {
  name: "plain",
  title: ${JSON.stringify(hostile)},
  flow: "A → B: message",
  transport: "datagram",
  roles: [
    { name: "sender", principals: ["alice"], process: "session", peer: "reader" },
    { name: "reader", principals: ["bob"], process: "service", port: 9000 },
  ],
  claims: [{ guarantee: "integrity", says: ${JSON.stringify(`${hostile} ]]> {0} [x](1)`)} }],
  deploy: () => ({
    open: (role, env) => (role === "sender" ? new Sender() : new Reader(env)),
    longTermSecrets: () => [],
  }),
};
`;

const lineOf = (text: string, piece: string): number =>
  text.split("\n").findIndex((line) => line.includes(piece)) + 1;

async function reported(name: string, source: string, ...more: readonly string[]) {
  return reportedOn("integrity", name, source, ...more);
}

async function reportedOn(
  guarantee: string,
  name: string,
  source: string,
  ...more: readonly string[]
) {
  writeFileSync(join(folder.path, "helper.ts"), helper);
  writeFileSync(join(folder.path, name), source);
  const limits = ["--guarantee", guarantee, "--budget", "200runs", "-q"];
  const args = ["report", `./${name}`, "--format", "sarif,junit", "md", ...more, ...limits];
  const ended = await run([...args, "--out", `out-${name}`], { cwd: folder.path });
  const written = (file: string) => readFileSync(join(folder.path, `out-${name}`, file), "utf8");
  const text = written("report.sarif");
  return { ended, written, text, log: checkedSarif(JSON.parse(text)) };
}

test("several formats at once: the line that accepted, and hostile text that stays text", async () => {
  const source = protocol(
    'for (const from of ["alice"]) out.push({ kind: "deliver", message, from }); // accepts',
  );
  const title = ["--author", hostile, "--date", "1 May", "--course", "CS 7", "--institution", "U"];
  const { ended, written, log, text } = await reported("direct.ts", source, ...title);
  expect(ended).toMatchObject({ code: 0, err: "" });
  expect(ended.out.split("\n")).toEqual([
    "out-direct.ts/report.sarif",
    "out-direct.ts/report.xml",
    "out-direct.ts/report.md",
    "",
  ]);
  const [result] = log.runs[0]?.results ?? [];
  expect(result).toMatchObject({ ruleId: "integrity", level: "error" });
  expect(result?.locations[0]?.physicalLocation).toMatchObject({
    artifactLocation: { uri: "direct.ts", uriBaseId: "SRCROOT" },
    region: { startLine: lineOf(source, "// accepts") },
  });
  const related = result?.relatedLocations?.map((l) => l.physicalLocation?.region.startLine);
  expect(related).toEqual([lineOf(source, "// hashes")]);
  expect(JSON.stringify(result?.codeFlows)).toContain("violation");
  const suite = readXml(written("report.xml")).children[0];
  expect(suite?.attributes).toMatchObject({ tests: "1", failures: "1" });
  const markdown = written("report.md");
  expect(markdown).toContain("- Course: CS 7\n- Author: ");
  expect(markdown).toContain("- Institution: U\n- Date: 1 May\n");
  for (const made of [text, written("report.xml"), markdown]) expect(made).not.toContain(hostile);
  // The same inputs, the same bytes.
  const again = await reported("direct.ts", source);
  expect(again.text).toBe(text);
  expect(again.written("report.xml")).toBe(
    readFileSync(join(folder.path, "out-direct.ts/report.xml"), "utf8"),
  );
}, 60_000);

test.each([
  ["by a helper in another file", "helped.ts", "out.push(delivered(message, 'alice'));"],
  ["with a kind that is computed", "computed.ts", "out.push({ kind: kinds[0], message });"],
])(
  "an output that is made %s",
  async (_, name, deliver) => {
    const source = protocol(deliver);
    const { log } = await reported(name, source);
    const isHelped = name === "helped.ts";
    const place = log.runs[0]?.results[0]?.locations[0]?.physicalLocation;
    expect(place).toMatchObject({
      artifactLocation: { uri: isHelped ? "helper.ts" : name, uriBaseId: "SRCROOT" },
      region: {
        startLine: isHelped
          ? lineOf(helper, "// the helper accepts")
          : lineOf(source, "// at least here"),
      },
    });
  },
  60_000,
);

test("a crash stands where it was thrown", async () => {
  const source = protocol('if (message[0] !== 1) throw new RangeError("odd"); // throws');
  const { log } = await reportedOn("robustness", "crashing.ts", source);
  const [result] = log.runs[0]?.results ?? [];
  expect(result).toMatchObject({ ruleId: "robustness", level: "note" });
  expect(result?.locations[0]).toMatchObject({
    message: { text: expect.stringMatching(/^reader#\d: crash$/) },
    physicalLocation: { region: { startLine: lineOf(source, "// throws") } },
  });
}, 60_000);

test("a bundled protocol has its place in the package", async () => {
  const args = ["report", "preshared?window=off", "--guarantee", "replay", "--budget", "300runs"];
  await run([...args, "--format", "sarif", "-q", "--out", "bundled"], { cwd: folder.path });
  const text = readFileSync(join(folder.path, "bundled", "report.sarif"), "utf8");
  const place = checkedSarif(JSON.parse(text)).runs[0]?.results[0]?.locations[0]?.physicalLocation;
  expect(place?.artifactLocation.uriBaseId).toBe("PACKAGE");
  expect(place?.artifactLocation.uri).toMatch(/^protocol\/textbook\/[\w./-]+\.ts$/);
}, 60_000);
