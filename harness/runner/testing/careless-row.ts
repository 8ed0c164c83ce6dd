/** For tests: a careless file, and what its author is told. */

/** How it ends: the input is wrong (2), it is at fault by itself (1), or it is as good as any. */
export type End = "wrong" | "fault" | "fine";
export type Row = readonly [
  what: string,
  file: Readonly<Record<string, string>> | string,
  end: End,
  says: RegExp,
];

export const start = 'return role === "sensor" ? [{ kind: "ready" }] : [];';
export const deliver = '[{ kind: "deliver", message, from: "alice" }]';
export const transmit = '[{ kind: "transmit", bytes: packet }]';
export const loop = "for (;;);";
export const boom = 'throw new Error("boom");';
export const deploys = "const key = crypto.random(32);";
export const delivering = (output: string) => ({ [deliver]: output });
export const onStart = (code: string) => ({ [start]: `${code} ${start}` });
/** With the place of the mistake. */
export const at = String.raw`:\d+:\d+: `;
