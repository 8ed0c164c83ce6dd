/** What happened, step by step, held against what was to happen. */
import type { Address, Input, Millis, Output } from "../endpoint.ts";
import { type Names, tellInput, tellOutput } from "./tell.ts";

interface At {
  readonly now: Millis;
  readonly at: Address;
}
/** An input (`>>`), an output (`<<`), or the exception that ended the program. */
export type Step =
  | (At & {
      readonly kind: "input";
      readonly input: Input;
      /** By the test, and not by what went on before. */
      readonly isGiven: boolean;
    })
  | (At & { readonly kind: "output"; readonly output: Output })
  | (At & { readonly kind: "crash"; readonly because: string });

/** A line as it has to be, or what it has to match. */
export type Expected = string | RegExp;

/** So many lines before the place are shown. */
const mostShown = 80;

export class Transcript {
  readonly steps: Step[] = [];
  readonly names: Names;
  #read = 0;

  constructor(names: Names) {
    this.names = names;
  }

  line(step: Step): string {
    const end = this.names.end(step.at);
    switch (step.kind) {
      case "input":
        return `${end} >> ${tellInput(step.input, this.names)}`;
      case "output":
        return `${end} << ${tellOutput(step.output, this.names)}`;
      case "crash":
        return `${end} << crash ${step.because}`;
    }
  }

  /** The steps so far need not be expected. */
  skip(): void {
    this.#read = this.steps.length;
  }

  /**
   * The steps since the last call are these, one by one, but for those left out.
   * @throws with the conversation up to where it differs.
   */
  compare(expected: readonly Expected[], isLeftOut: (step: Step) => boolean = () => false): void {
    const places: number[] = [];
    for (let i = this.#read; i < this.steps.length; i++) {
      if (!isLeftOut(this.steps[i] as Step)) places.push(i);
    }
    for (let i = 0; i < Math.max(expected.length, places.length); i++) {
      const place = places[i];
      const came = place === undefined ? undefined : this.line(this.steps[place] as Step);
      if (!fits(expected[i], came)) throw this.#difference(expected[i], came, place);
    }
    this.skip();
  }

  #difference(expected: Expected | undefined, came: string | undefined, place?: number): Error {
    const before = this.steps.slice(0, place);
    const shown = before.slice(-mostShown);
    const hidden = before.length - shown.length;
    const lines = [
      "The conversation is not the expected one:",
      "",
      ...(hidden > 0 ? [`${margin("")}(${hidden} lines before)`] : []),
      ...shown.map((step) => margin(`${step.now}`) + this.line(step)),
      `${margin("expected")}${expected ?? "nothing more"}`,
      `${margin("came")}${came ?? "nothing more"}`,
      "",
    ];
    return new Error(lines.join("\n"));
  }
}

/** The time in milliseconds, or what a line is. */
const margin = (what: string): string => `${what.padStart(10)}  `;

function fits(expected: Expected | undefined, came: string | undefined): boolean {
  if (expected === undefined || came === undefined) return false;
  return typeof expected === "string" ? expected === came : expected.test(came);
}
