import { describe, expect, test } from "vitest";
import { matrixJunit } from "./junit.ts";
import { hostile, sampleReplayCommand, sampleReport, wideReport } from "./testing/sample-report.ts";
import { readXml, type XmlElement } from "./testing/xml.ts";

const options = { replayCommand: sampleReplayCommand };
const document = matrixJunit(sampleReport, options);
const root = readXml(document);

/** Children and attributes that an element may have, and those that it must have (junit-10.xsd). */
const schema: Readonly<Record<string, { inside: string[]; may: string[]; must: string[] }>> = {
  testsuites: { inside: ["testsuite"], may: ["errors", "failures", "tests", "name"], must: [] },
  testsuite: {
    inside: ["properties", "testcase"],
    may: ["skipped"],
    must: ["name", "tests", "failures", "errors"],
  },
  properties: { inside: ["property"], may: [], must: [] },
  property: { inside: [], may: [], must: ["name", "value"] },
  testcase: { inside: ["failure", "skipped"], may: ["classname"], must: ["name"] },
  failure: { inside: [], may: ["message", "type"], must: [] },
  skipped: { inside: [], may: ["message"], must: [] },
};

function offences({ name, attributes, children }: XmlElement): readonly string[] {
  const rules = schema[name];
  if (rules === undefined) return [`<${name}> is no element of JUnit`];
  const given = Object.keys(attributes);
  return [
    ...given.filter((a) => ![...rules.may, ...rules.must].includes(a)).map((a) => `${name} @${a}`),
    ...rules.must.filter((a) => !given.includes(a)).map((a) => `${name} lacks ${a}`),
    ...children.filter((c) => !rules.inside.includes(c.name)).map((c) => `${name} > ${c.name}`),
    ...children.flatMap(offences),
  ];
}

const named = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((c) => c.name === name);
const cases = root.children.flatMap((suite) => named(suite, "testcase"));
const end = (one: XmlElement): string => one.children[0]?.name ?? "passed";

describe("JUnit", () => {
  test("fits the schema, although its strings are hostile", () => {
    expect(root.name).toBe("testsuites");
    expect(offences(root)).toEqual([]);
    expect(document).not.toContain(hostile);
    expect(document).toContain("&lt;script&gt;");
    expect(document).toContain("\\x1b");
  });

  test("only a broken claim fails; what was not shown to hold never passes", () => {
    const verdicts = sampleReport.protocols.flatMap((p) => p.verdicts);
    const expected = verdicts.map((v) => {
      if (v.verdict === "holds") return "passed";
      return v.verdict === "broken" && v.claimed ? "failure" : "skipped";
    });
    expect(cases.map(end)).toEqual(expected);
    const messages = cases.map((c) => c.children[0]?.attributes.message ?? "");
    for (const start of ["unknown: ", "not applicable: ", "broken ("]) {
      expect(messages.some((m) => m.startsWith(start))).toBe(true);
    }
  });

  test("the counts are those of the tests", () => {
    for (const suite of root.children) {
      const own = named(suite, "testcase").map(end);
      const count = (what: string): string => String(own.filter((e) => e === what).length);
      const { tests, failures, errors, skipped } = suite.attributes;
      expect([tests, failures, errors, skipped]).toEqual([
        String(own.length),
        count("failure"),
        "0",
        count("skipped"),
      ]);
    }
  });

  test("a failure has the attack, and all that it takes to see it again", () => {
    const replay = cases.find((c) => c.attributes.name === "replay");
    expect(replay?.attributes.classname).toMatch(/^paper-boat/);
    const lines = replay?.children[0]?.text.split("\n") ?? [];
    expect(lines).toContain("claim: “A nonce in each session prevents replay.”");
    expect(lines).toContain("1. replay packet 2 of client#0 to server#0, right after it arrived");
    expect(lines.at(-1)).toBe("replay: mallory replay mallory-out/attacks/paper-boat-replay.json");
    const [suite] = root.children;
    const properties = new Map(
      named(suite as XmlElement, "properties")
        .flatMap((p) => p.children)
        .map(({ attributes }) => [attributes.name, attributes.value]),
    );
    expect(properties.get("seed")).toBe("mallory");
    expect(properties.get("replay.digest")).toMatch(/^[0-9a-f]{64}$/);
  });

  test("what is wrong before any attack fails, and what was cut short is said", () => {
    const [first, ...others] = sampleReport.protocols;
    if (first === undefined) throw new Error("no sample");
    const faulty = { ...first, faults: [`crashes & burns ${hostile}`] };
    const report = { ...sampleReport, protocols: [faulty, ...others], incomplete: "Ctrl-C" };
    const suite = readXml(matrixJunit(report, options)).children[0] as XmlElement;
    const [undisturbed] = named(suite, "testcase");
    expect(undisturbed?.attributes.name).toBe("undisturbed run");
    expect(undisturbed?.children[0]?.attributes.message).toContain("crashes & burns");
    expect(matrixJunit(report, options)).toContain('name="incomplete" value="Ctrl-C"');
  });

  test("the same report gives the same bytes; another duration too", () => {
    expect(matrixJunit({ ...sampleReport, seconds: 99 }, options)).toBe(document);
    expect(readXml(matrixJunit(wideReport(3), options)).children).toHaveLength(6);
  });
});
