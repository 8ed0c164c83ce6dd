/** What is known about a protocol once it has been found, and before anything is tried. */
import type { OptionValues } from "../../protocol/endpoint.ts";
import { nameOf, type ProtocolName, writtenOptions } from "../input/protocol-reference.ts";
import { type Weakening, weakeningsOf } from "../search/defences.ts";
import type { Subject } from "../subject.ts";

/** A protocol as it was named, and what it is called in progress events and messages. */
export interface LabelledProtocol {
  readonly name: ProtocolName;
  readonly label: string;
}

/** Plain data: a protocol of the user's own is looked at in a worker thread. */
export interface CheckedProtocol extends LabelledProtocol {
  /** The shortest text that names it. It is decided here, once, and tells protocols apart. */
  readonly label: string;
  /** As the protocol calls itself; reports have this name. */
  readonly protocolName: string;
  /** Every option, defaults filled in. */
  readonly options: OptionValues;
  /** Options that differ from their defaults, as they are written. */
  readonly written: string;
  /** What can be switched off. */
  readonly weakenings: readonly Weakening[];
}

export function checkedProtocol(name: ProtocolName, subject: Subject): CheckedProtocol {
  const { protocol, options } = subject;
  return {
    name,
    label: nameOf(subject),
    protocolName: protocol.name,
    options,
    written: writtenOptions(protocol.options, options),
    weakenings: weakeningsOf(protocol, options),
  };
}
