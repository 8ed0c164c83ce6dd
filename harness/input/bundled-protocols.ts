/**
 * The bundled protocols by name. Apart from protocol-reference.ts, because this brings the whole
 * catalogue with it, which is of no use to a consumer who has protocols of their own.
 */
import { protocols } from "../../protocol/catalog.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import type { Subject } from "../subject.ts";
import { fillOptions, type ProtocolName } from "./protocol-reference.ts";
import { nearest, unknownName } from "./suggestions.ts";
import { UserError } from "./user-error.ts";

/** @throws UserError if no protocol of that name is bundled. */
export function bundledProtocol(name: string): Protocol {
  const protocol = protocols.find((p) => p.name === name);
  if (protocol !== undefined) return protocol;
  const names = protocols.map((p) => p.name);
  const hint = nearest(name, names) === undefined ? "; a file is named by its path: ./file.ts" : "";
  throw new UserError(unknownName("protocol", name, names) + hint);
}

/** @throws UserError unless the name is a bundled one, with options that it has. */
export function bundledSubject(name: ProtocolName): Subject {
  const protocol = bundledProtocol(name.source);
  const options = fillOptions(name.source, protocol.options, name.given);
  return { protocol, options, source: name.source };
}
