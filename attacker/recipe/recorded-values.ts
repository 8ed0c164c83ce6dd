/** Finds what processes have recorded by the names that recipes have for it. */

import type { Latin1 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { type ValueName, valueKey } from "./recipe.ts";

/** Reads a growing log, and each record of it once. */
export class RecordedValues {
  readonly #log: readonly OpRecord[];
  readonly #byName = new Map<string, OpRecord>();
  readonly #counts = new Map<string, number>();
  #read = 0;

  constructor(log: readonly OpRecord[]) {
    this.#log = log;
  }

  record(name: ValueName): OpRecord | undefined {
    for (; this.#read < this.#log.length; this.#read++) {
      const record = this.#log[this.#read] as OpRecord;
      const kind = `${record.by}|${record.op}`;
      const nth = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, nth);
      this.#byName.set(valueKey({ by: record.by, op: record.op, nth }), record);
    }
    return this.#byName.get(valueKey(name));
  }

  /** @returns the value; `undefined` if the process has not recorded it yet. */
  find(name: ValueName): Latin1 | undefined {
    const record = this.record(name);
    if (record === undefined) return undefined;
    return name.input === undefined ? record.output : record.inputs[name.input];
  }
}
