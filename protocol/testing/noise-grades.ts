/**
 * The table of payload security properties as the Noise Protocol Framework has it, revision 34 of
 * 2018-07-11: §7.7, and of the deferred pattern, §18.2. The specification is in the public domain;
 * https://noiseprotocol.org/noise.html. Each payload has its source and its destination, in the
 * order in which they are sent; where the table ends, later payloads of a party are like its last.
 */
export const fundamental: Readonly<Record<string, string>> = {
  N: "02",
  K: "12",
  X: "12",
  NN: "00 01 01",
  NK: "02 21 05",
  NX: "00 21 05",
  XN: "00 01 21 05",
  XK: "02 21 25 25",
  XX: "00 21 25 25",
  KN: "00 03 21 05",
  KK: "12 24 25 25",
  KX: "00 23 25 25",
  IN: "00 03 21 05",
  IK: "12 24 25 25",
  IX: "00 23 25 25",
};

/** The deferred pattern of §18.2. */
export const deferred = { X1X1: "00 01 03 23 25 25" } as const;
