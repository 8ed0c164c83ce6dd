/** Names that a capture gives to addresses. */
import { lossyText } from "../../../protocol/kit/bytes.ts";
import type { Bytes } from "./byte-order.ts";
import { limits } from "./capture.ts";
import { ipText } from "./ip-text.ts";
import { optionsIn } from "./options.ts";

const addressBytes = new Map([
  [1, 4],
  [2, 16],
]);

/**
 * Records are laid out as options are.
 * @param body of the block. @param at where it begins in the file, which `order` reads.
 */
export function namesIn(body: Buffer, order: Bytes, at: number, names: Map<string, string>): void {
  for (const record of optionsIn(order, at, at + body.length)) {
    const size = addressBytes.get(record.code);
    if (size === undefined || record.length <= size) continue;
    const start = record.at - at;
    const value = body.subarray(start, start + record.length);
    const zero = value.indexOf(0, size);
    const name = lossyText(value.subarray(size, zero < 0 ? undefined : zero)).slice(0, 200);
    if (name !== "" && names.size < limits.names) names.set(ipText(value.subarray(0, size)), name);
  }
}
