/** For the tests: both programs by themselves, and the two of them on a wire. */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  OptionValues,
  Output,
} from "../../endpoint.ts";
import { fromLatin1, latin1, lossyText } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { smartIot } from "./smart-iot.ts";

export type Party = "client" | "device";
export const addresses = { client: "alice:50000", device: "bob:50001" } as const;
const principals = { client: "alice", device: "bob" } as const;

export const defaults: OptionValues = Object.fromEntries(
  Object.entries(smartIot.options ?? {}).map(([name, spec]) => [name, spec.default]),
);

/** Opens both ends of one installation; `crypto` replaces what they would get. */
export function openBoth(
  options: OptionValues = {},
  crypto: Partial<Record<Party, CryptoKit>> = {},
): Readonly<Record<Party, Endpoint>> {
  const files = new Map<string, Uint8Array>();
  const store = (principal: string, name: string) => ({
    read: () => files.get(`${principal}/${name}`) ?? new Uint8Array(0),
    write: (bytes: Uint8Array) => void files.set(`${principal}/${name}`, bytes),
    append: () => undefined,
  });
  const random = new Random("smart-iot bench");
  const deployment = smartIot.deploy({
    crypto: new CryptoRecorder([], random.fork("deployment"), "deployment"),
    options: { ...defaults, ...options },
    principals: ["alice", "bob"],
    store,
  });
  const open = (role: Party): Endpoint => {
    const env: Env = {
      self: principals[role],
      role,
      address: addresses[role],
      crypto: crypto[role] ?? new CryptoRecorder([], random.fork(role), role),
      store: (name) => store(principals[role], name),
      ...(role === "client" ? { peer: "bob", peerAddress: addresses.device } : {}),
    };
    return deployment.open(role, env);
  };
  return { client: open("client"), device: open("device") };
}

/** A step of a conversation as one line. */
export function told(output: Output): string {
  switch (output.kind) {
    case "transmit": {
      const to = output.to ?? "the sender";
      return `transmit ${output.bytes.length} to ${to}`;
    }
    case "submit":
    case "deliver":
      return `${output.kind} ${output.purpose ?? "message"} ${lossyText(output.message)}`;
    case "confirm":
      return `confirm ${lossyText(output.message)}`;
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer}`;
    case "reject":
      return `reject ${output.reason}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}

export const datagram = (text: string | Uint8Array, from: Address = "mallory:6666"): Input => ({
  kind: "datagram",
  bytes: typeof text === "string" ? fromLatin1(text) : text,
  from,
});

export const sent = (outputs: readonly Output[]): readonly string[] =>
  outputs.flatMap((o) => (o.kind === "transmit" ? [latin1(o.bytes)] : []));

/** The outputs that a log would not show, as lines. */
export const lines = (outputs: readonly Output[]): readonly string[] =>
  outputs.filter((o) => o.kind !== "log").map(told);

/** One announcement, one login, and both ends in session. */
export function loggedOn(options: OptionValues = {}) {
  const { client, device } = openBoth(options);
  client.handle({ kind: "start" }, 0);
  const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
  const [login = ""] = sent(client.handle(datagram(connect, addresses.device), 0));
  const [answer = ""] = sent(device.handle(datagram(login, addresses.client), 0));
  const greeted = client.handle(datagram(answer, addresses.device), 0);
  const type = (text: string, now: Millis = 0): readonly Output[] =>
    client.handle({ kind: "send", message: fromLatin1(text) }, now);
  return { client, device, connect, login, answer, greeted, type };
}

/** How the endpoint takes an input: the exception's text, or `alive`. */
export function fate(endpoint: Endpoint, input: Input, now: Millis = 0): string {
  try {
    endpoint.handle(input, now);
    return "alive";
  } catch (error) {
    return (error as Error).message;
  }
}
