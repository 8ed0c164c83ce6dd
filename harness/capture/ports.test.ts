import { expect, test } from "vitest";
import { protocols } from "../../protocol/catalog.ts";
import { portInCapture } from "./ports.ts";

test("ports that Wireshark takes for other protocols are moved, and others are not", () => {
  for (const port of [53, 80, 443, 5683, 7000, 8080]) {
    const moved = portInCapture(port);
    expect(moved).toBeGreaterThanOrEqual(40_000);
    expect(portInCapture(moved)).toBe(moved);
  }
  for (const port of [1024, 5004, 40_000, 40_002]) expect(portInCapture(port)).toBe(port);
});

test("two ports of one protocol stay two", () => {
  for (const { roles } of protocols) {
    const own = roles.flatMap((r) => (r.port === undefined ? [] : [r.port]));
    expect(new Set(own.map(portInCapture)).size).toBe(new Set(own).size);
  }
});
