/**
 * Where a function is written. A stack knows only what runs; what a function returned is known when
 * it has returned, and then the place of its definition is all that can be told.
 */
import { type Runtime, Session } from "node:inspector";
import { findSourceMap, SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A place in a source file, with lines and columns as people count them: from 1. */
export interface SourcePlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** A place in compiled code, as the inspector counts: from 0. */
export interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number | undefined;
}

/** Where the inspector finds the function that is being looked for. */
const shelf = Symbol.for("mallory: the function that is looked for");

/** Bound functions and proxies lead to others; more steps than that are nobody's mistake. */
const mostSteps = 8;

/**
 * Asks V8, which is slow: for messages only.
 * @returns `undefined` where it is not known, as for functions of the language itself.
 */
export function definitionOf(value: unknown): SourcePlace | undefined {
  if (typeof value !== "function") return undefined;
  const session = new Session();
  try {
    session.connect();
    return askedIn(session, value);
  } catch {
    // An inspector may be missing from Node, or be busy with somebody else's session.
    return undefined;
  } finally {
    session.disconnect();
  }
}

/** What the inspector calls a value. */
export function objectIdIn(session: Session, value: unknown): string | undefined {
  Reflect.defineProperty(globalThis, shelf, { value, configurable: true });
  let objectId: string | undefined;
  const expression = `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(shelf))})]`;
  session.post("Runtime.evaluate", { expression }, (_, found) => {
    objectId = found?.result.objectId;
  });
  Reflect.deleteProperty(globalThis, shelf);
  return objectId;
}

function askedIn(session: Session, value: unknown): SourcePlace | undefined {
  const urls = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.post("Debugger.enable");
  let objectId = objectIdIn(session, value);
  for (let step = 0; step < mostSteps && objectId !== undefined; step++) {
    let properties: readonly Runtime.InternalPropertyDescriptor[] = [];
    session.post("Runtime.getProperties", { objectId, ownProperties: true }, (_, found) => {
      properties = found?.internalProperties ?? [];
    });
    const named = (name: string) => properties.find((p) => p.name === name)?.value;
    const location = named("[[FunctionLocation]]")?.value as Location | undefined;
    if (location !== undefined) return writtenPlace(urls.get(location.scriptId), location);
    objectId = (named("[[TargetFunction]]") ?? named("[[Target]]"))?.objectId;
  }
  return undefined;
}

/** The source map that a script has in itself. @param url as the inspector tells it. */
export function mapOf(url: string): SourceMap | undefined {
  const [, data] = /^data:application\/json[^,]*;base64,(.+)$/.exec(url) ?? [];
  if (data === undefined) return undefined;
  return new SourceMap(JSON.parse(Buffer.from(data, "base64").toString("utf8")));
}

/**
 * What was compiled is led back to what was written.
 * @param url of the script; `undefined` if it is not known.
 * @param own the script's own map, for scripts that Node keeps none of.
 */
export function writtenPlace(
  url: string | undefined,
  location: Location,
  own?: SourceMap,
): SourcePlace | undefined {
  const { lineNumber, columnNumber = 0 } = location;
  if (url === undefined || !/^(?:file:\/\/|data:|\/|[A-Za-z]:)/.test(url)) return undefined;
  // What tsx makes of CommonJS is in no file of that name; it says which one it comes from.
  const data = url.startsWith("data:") ? /[?&]filePath=([^?&]+)$/.exec(url)?.[1] : undefined;
  if (url.startsWith("data:") && data === undefined) return undefined;
  const isUrl = url.startsWith("file://");
  const whole = data === undefined ? url : decodeURIComponent(data);
  const path = (isUrl ? fileURLToPath(url) : whole).replace(/\?.*$/, "");
  const map = findSourceMap(url) ?? findSourceMap(isUrl ? fileURLToPath(url) : path) ?? own;
  if (data !== undefined && map === undefined) return undefined;
  const entry = map?.findEntry(lineNumber, columnNumber);
  const written = entry !== undefined && "originalLine" in entry ? entry : undefined;
  return {
    path,
    line: (written?.originalLine ?? lineNumber) + 1,
    column: (written?.originalColumn ?? columnNumber) + 1,
  };
}
