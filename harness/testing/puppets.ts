/** Positions of the attacker, in protocols whose client is Alice and whose server is Bob. */
export const inPlaceOfBob = {
  move: "puppet",
  name: "puppet-a",
  role: "server",
  as: "bob",
  facing: "client#0",
  insteadOf: "server#0",
} as const;

export const inPlaceOfAlice = {
  move: "puppet",
  name: "puppet-b",
  role: "client",
  as: "alice",
  facing: "server#0",
  insteadOf: "client#0",
} as const;
