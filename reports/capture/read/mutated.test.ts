/** Captures of the lab's own with bytes changed, cut off or put in: nothing but a line, or a list. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { importedFrom } from "../imported.ts";
import { importedLines } from "../imported-text.ts";
import { recorded } from "../testing/recorded.ts";
import { captureFormats, captureOf } from "../write/capture.ts";
import { readCapture } from "./read-capture.ts";

const change = fc.record({
  at: fc.nat(),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0, 0, 0, 0),
      Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a),
      Uint8Array.of(0, 0, 0, 0x80),
    ),
  ),
  how: fc.constantFrom("over", "in", "cut"),
});

function changed(
  file: Buffer,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Buffer {
  return changes.reduce((now, { at, bytes, how }) => {
    const place = at % (now.length + 1);
    const [before, after] = [now.subarray(0, place), now.subarray(place)];
    if (how === "cut") return now.length > 200 ? before : now;
    return Buffer.concat([before, bytes, how === "over" ? after.subarray(bytes.length) : after]);
  }, file);
}

describe.each(["object-security", "alice-bob?key=secret"])("a capture of %s", (name) => {
  const recording = recorded(name);
  test.each(captureFormats)("as %s", async (format) => {
    const file = Buffer.from(captureOf(recording, format).bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        try {
          const capture = await readCapture("x", changed(file, changes));
          const lines = importedLines("x", importedFrom(capture));
          expect(lines.length).toBeLessThan(1_000);
        } catch (error) {
          expect((error as Error).name).toBe("UserError");
          expect((error as Error).message).toMatch(/^x: [^\n]+$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
