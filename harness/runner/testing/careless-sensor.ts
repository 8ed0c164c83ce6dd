/** For tests: a sound protocol as a file, with places where newcomers make mistakes. */

/** Without imports, so that loading it costs next to nothing. */
export const soundSensor = `
const bytes = (text) => new TextEncoder().encode(text);
export const protocol = {
  name: "careless",
  title: "Readings with a MAC",
  flow: "A → B: HMAC(K, reading), reading",
  transport: "datagram",
  roles: [
    { name: "sensor", principals: ["alice"], process: "session", peer: "station" },
    { name: "station", principals: ["bob"], process: "service", port: 9000 },
  ],
  options: { mac: { default: "on", values: ["on", "off"], about: "the MAC" } },
  claims: [{ guarantee: "integrity", says: "Only the sensor writes readings." }],
  workload() {
    const messages = [{ from: "sensor", message: bytes("21 degrees") }];
    return { sessions: [{ start: 0, messages }] };
  },
  deploy({ crypto }) {
    const key = crypto.random(32);
    return {
      longTermSecrets: () => [key],
      open: (role, env) => {
        const macOf = (message) => env.crypto.hmac("sha256", key, message);
        const endpoint = {
          handle(input) {
            switch (input.kind) {
              case "start":
                return role === "sensor" ? [{ kind: "ready" }] : [];
              case "send": {
                const packet = new Uint8Array([...macOf(input.message), ...input.message]);
                return [{ kind: "transmit", bytes: packet }];
              }
              case "datagram": {
                const [tag, message] = [input.bytes.slice(0, 32), input.bytes.slice(32)];
                const same = env.crypto.equal(tag, macOf(message));
                if (!same) return [{ kind: "reject", reason: "bad-tag" }];
                return [{ kind: "deliver", message, from: "alice" }];
              }
              default:
                return [];
            }
          },
          deadline: () => undefined,
          stateSize: () => 0,
        };
        return endpoint;
      },
    };
  },
};
`;

/** @param changes each text in the sound file, which is there, and what takes its place. */
export function sensorWith(changes: Readonly<Record<string, string>>): string {
  let text = soundSensor;
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`the sound file has no ${JSON.stringify(from)}`);
    text = text.replace(from, () => to);
  }
  return text;
}
