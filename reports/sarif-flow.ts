/** Places and the way of an attack through them, as SARIF writes them. */
import type { AttackPlaces, CodePlace } from "../harness/code-places.ts";
import type { Finding, SequenceStep } from "../harness/verdict.ts";
import { clipped, visible } from "./escape.ts";

/** A `location` object (SARIF 2.1.0 §3.28), as far as it is used. */
export interface SarifLocation {
  readonly physicalLocation?: {
    readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
    readonly region: { readonly startLine: number; readonly startColumn: number };
  };
  readonly message?: { readonly text: string };
  readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[];
}

const longestMessage = 4_000;

/**
 * Plain text in a message (§3.11): braces would ask for arguments, and brackets before a
 * parenthesis would be a link.
 */
export function sarifMessage(text: string): string {
  const shown = clipped(visible(text), longestMessage).replace(/[{}]/g, "$&$&");
  return shown.includes("](") ? shown.replace(/[[\]]/g, "\\$&") : shown;
}

const baseIds = { "working-folder": "SRCROOT", package: "PACKAGE" } as const;

/** @param says what is there, in plain text. */
export function location({ path, base, line, column }: CodePlace, says: string): SarifLocation {
  const uri = path.split("/").map(encodeURIComponent).join("/");
  const artifactLocation =
    base === undefined
      ? { uri: path.startsWith("..") ? uri : `file://${path.startsWith("/") ? "" : "/"}${uri}` }
      : { uri, uriBaseId: baseIds[base] };
  return {
    physicalLocation: { artifactLocation, region: { startLine: line, startColumn: column } },
    message: { text: sarifMessage(says) },
  };
}

const mattersMost: ReadonlySet<SequenceStep["kind"]> = new Set([
  "attack-packet",
  "changed",
  "lost",
  "violation",
]);

/** The smallest attack as its packets take their way, each step where the code handled it. */
export function codeFlow(finding: Finding, places: AttackPlaces | undefined): unknown {
  const locations = finding.story.steps.map((step, i) => ({
    executionOrder: i + 1,
    importance: mattersMost.has(step.kind) ? "essential" : "important",
    location: stepLocation(step, places),
  }));
  const { steps } = finding;
  const attack = steps.length === 0 ? "no attack" : steps.join("; ");
  return {
    message: { text: sarifMessage(attack) },
    threadFlows: [{ locations: locations.length > 0 ? locations : [withoutSteps(places)] }],
  };
}

const withoutSteps = (places: AttackPlaces | undefined): unknown => ({
  location: places === undefined ? {} : location(places.output, places.kind),
});

function stepLocation(step: SequenceStep, places: AttackPlaces | undefined): SarifLocation {
  const says = stepWords(step);
  const place = places && placeOf(step, places);
  return place === undefined ? { message: { text: sarifMessage(says) } } : location(place, says);
}

function stepWords({ t, from, to, kind, label }: SequenceStep): string {
  const who = from === to ? from : `${from} → ${to}`;
  const how = kind === "changed" ? " (changed on the way)" : "";
  const what = kind === "violation" ? `violation: ${label}` : label;
  return `${t} ms, ${who}: ${what}${how}`;
}

/** Who handled it at that moment; who had a turn last, where it is handled by no code. */
function placeOf({ t, from, to, kind }: SequenceStep, places: AttackPlaces): CodePlace {
  if (kind === "violation") return places.output;
  const { handled } = places;
  const received = handled.findLast((h) => h.at === to && h.t === t);
  const before = (at: string) => handled.findLast((h) => h.at === at && h.t <= t);
  return (received ?? before(from) ?? before(to))?.place ?? places.output;
}
