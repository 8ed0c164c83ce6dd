/** What the trace says of an output. Bytes are copied: endpoints may go on using theirs. */
import type { Millis, Output } from "../../protocol/endpoint.ts";
import type { TraceEvent } from "../trace/trace.ts";
import type { Process } from "./processes.ts";

type Claim = Extract<Output, { kind: "claim" }>["claim"];
/** Requests to the environment: the trace records their effect, not the request. */
type Asking = Extract<Output, { kind: "transmit" | "ready" | "close" | "connect" }>;

/** @param session the one that the output belongs to. */
export function outputEvent(
  output: Exclude<Output, Asking>,
  t: Millis,
  process: Process,
  session: string,
): TraceEvent {
  const at = process.id;
  switch (output.kind) {
    case "submit": {
      const { purpose } = output;
      const message = output.message.slice();
      return { kind: "submit", t, at, session, message, purpose, to: process.peer };
    }
    case "deliver": {
      const { from, purpose = "message" } = output;
      return { kind: "deliver", t, at, session, message: output.message.slice(), from, purpose };
    }
    case "confirm":
    case "give-up":
      return { kind: output.kind, t, at, session, message: output.message.slice() };
    case "end":
      return { kind: "ended", t, at, session, from: output.from };
    case "claim":
      return claimEvent(output.claim, t, process, session);
    case "reject":
      return { kind: "reject", t, at, reason: output.reason };
    case "log":
      return { kind: "log", t, at, line: output.line };
    case "alarm":
      return { kind: "alarm", t, at, text: output.text };
    case "ran-code":
      return { kind: "ran-code", t, at, code: output.code };
    case "negotiated":
      return { kind: "negotiated", t, at, session, suite: output.suite, best: output.best };
    case "show":
      return { kind: "shown", t, at, session, to: output.to, value: output.value.slice() };
    case "exit":
      return { kind: "exited", t, at, ok: output.ok, because: output.because };
  }
}

function claimEvent(claim: Claim, t: Millis, process: Process, session: string): TraceEvent {
  const at = process.id;
  switch (claim.kind) {
    case "running": {
      const { peer, agreed } = claim;
      return { t, at, session, peer, kind: "running", agreed: agreed?.slice() };
    }
    case "commit": {
      const { peer, agreed } = claim;
      return { t, at, session, peer, kind: "commit", agreed: agreed?.slice() };
    }
    case "secret": {
      const { peer, value } = claim;
      return { t, at, session, peer, kind: "secret", value: value.slice() };
    }
    case "evidence": {
      const { peer } = claim;
      const message = claim.message.slice();
      return { t, at, session, peer, kind: "evidence", message, bytes: claim.bytes.slice() };
    }
  }
}
