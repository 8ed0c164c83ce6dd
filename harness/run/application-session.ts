import type { Input, Millis, PlannedMessage, Principal } from "../../protocol/endpoint.ts";
import type { Process } from "./processes.ts";

type Send = Extract<Input, { kind: "send" }>;

/** How long users take to type, and how far apart they type their messages. */
export const thinkMs: Millis = 20;
export const betweenMessagesMs: Millis = 100;

/** The application at one end of one session: what it still has to send. */
export interface ApplicationSession {
  readonly process: Process;
  /** The service's own label of the session; absent for per-session processes. */
  readonly session: string | undefined;
  readonly to: Principal | undefined;
  /** The planned process at the other end of an answering one; messages are meant for its user. */
  readonly client: Process | undefined;
  readonly messages: PlannedMessage[];
  credits: number;
  scheduled: boolean;
}

/** For whom a message is, as an endpoint is told. */
export function addressed(to: PlannedMessage["to"]): Pick<Send, "to" | "toAll"> {
  if (to === undefined) return {};
  return typeof to === "string" ? { to } : { toAll: [...to] };
}
