/**
 * Which lines of some code run, one after another. No stack tells where an object was written that
 * a function has returned; a debugger that goes through the call step by step does. It is this
 * thread's own debugger: every pause is over once its listener has returned.
 */
import { Session } from "node:inspector";
import type { SourceMap } from "node:module";
import { mapOf, objectIdIn, type SourcePlace, writtenPlace } from "./definition-place.ts";

/** Code that computes for long is left alone: its end is not seen then. */
const mostSteps = 4_000;

/** Where the first pause is. The debugger passes over all code between here and what is looked at. */
function enter<T>(code: () => T): T {
  return code();
}
/** This file, from the lab's folder: it must not be passed over. */
export const steppingFile = "harness/runner/stepping.";

export interface Stepped<T> {
  readonly value: T;
  /** Every statement, call and end of a function that was come to; empty if that is not known. */
  readonly steps: readonly SourcePlace[];
}

/**
 * Runs code, slowly.
 * @param passedOver matches paths and URLs of scripts whose lines are not told; see own-code.ts.
 * @throws what the code throws.
 */
export function steppedThrough<T>(passedOver: RegExp, code: () => T): Stepped<T> {
  const urls = new Map<string, string>();
  /** Of scripts that are in no file. */
  const maps = new Map<string, SourceMap | undefined>();
  const steps: SourcePlace[] = [];
  let count = 0;
  const session = new Session();
  try {
    session.connect();
    session.on("Debugger.scriptParsed", ({ params: { scriptId, url, sourceMapURL = "" } }) => {
      urls.set(scriptId, url);
      if (url.startsWith("data:")) maps.set(scriptId, mapOf(sourceMapURL));
    });
    session.on("Debugger.paused", ({ params }) => {
      const location = params.callFrames[0]?.location;
      const url = location && urls.get(location.scriptId);
      // Where the code has ended, the debugger comes to whatever is next.
      if (location === undefined || url === undefined) return;
      const isOwn = !passedOver.test(url) && !url.includes(steppingFile);
      const place = isOwn ? writtenPlace(url, location, maps.get(location.scriptId)) : undefined;
      if (place !== undefined) steps.push(place);
      count++;
      if (count < mostSteps) session.post("Debugger.stepInto");
    });
    session.post("Debugger.enable");
    session.post("Debugger.setBlackboxPatterns", { patterns: [passedOver.source] });
    // What has never run is not compiled, and cannot be stopped at.
    enter(() => undefined);
    const objectId = objectIdIn(session, enter);
    // Not in the types, since it is experimental.
    const post = session.post.bind(session) as (method: string, params: object) => void;
    post("Debugger.setBreakpointOnFunctionCall", { objectId });
  } catch {
    // An inspector may be missing from Node, or be busy with somebody else's session.
    session.disconnect();
    return { value: code(), steps: [] };
  }
  try {
    return { value: enter(code), steps: count < mostSteps ? steps : [] };
  } finally {
    session.post("Debugger.disable");
    session.disconnect();
  }
}
