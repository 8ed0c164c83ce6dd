/** The schema of attacks, and what capabilities they take. */
import { describe, expect, test } from "vitest";
import { describeMove } from "./describe.ts";
import {
  type Attack,
  attackerAddress,
  attackSchema,
  capabilities,
  capabilitiesOf,
  capabilityMeaning,
  capabilityOf,
  capabilityRank,
  type Edit,
  type Move,
  moveSchema,
  needs,
} from "./move.ts";

const packet = { from: "client#0", to: "server#0", nth: 2 } as const;
const to = "server#0";

/** One example of each kind, and of variants that take more; with both transports. */
const table: readonly (readonly [Move, datagram: string, stream: string, words: string])[] = [
  [{ move: "drop", packet }, "none", "on-path", "drops the 2nd packet from client#0 to server#0"],
  [
    { move: "hold", packet, delayMs: 30 },
    "none",
    "on-path",
    "holds the 2nd packet from client#0 to server#0 back for 30 ms",
  ],
  [
    { move: "duplicate", packet: { ...packet, nth: 11 } },
    "none",
    "on-path",
    "delivers the 11th packet from client#0 to server#0 twice",
  ],
  [
    { move: "cut", packet: { ...packet, nth: 1 } },
    "none",
    "none",
    "cuts the connection after the 1st packet from client#0 to server#0",
  ],
  [
    { move: "inject", hex: "00ff", to, when: "start" },
    "off-path",
    "off-path",
    "sends 2 bytes (00ff) to server#0, at the start",
  ],
  [
    { move: "inject", hex: "", to, from: "client#0", when: { atMs: 5 } },
    "off-path",
    "on-path",
    "sends an empty packet to server#0, in the name of client#0, at 5 ms",
  ],
  [
    { move: "inject", hex: "78", to, from: attackerAddress, times: 200, when: { after: packet } },
    "off-path",
    "off-path",
    "sends 1 byte (78) to server#0, 200 times from as many addresses, after the 2nd packet from " +
      "client#0 to server#0",
  ],
  [
    { move: "replay", packet, to, when: "start" },
    "on-path",
    "on-path",
    "sends the 2nd packet from client#0 to server#0 again to server#0, at the start",
  ],
  [
    { move: "reflect", packet },
    "on-path",
    "on-path",
    "sends the 2nd packet from client#0 to server#0 back to its sender",
  ],
  [
    { move: "redirect", packet, to: "client#1" },
    "on-path",
    "on-path",
    "sends the 2nd packet from client#0 to server#0 to client#1 instead",
  ],
  [
    { move: "modify", packet, edits: [{ edit: "flip", at: -1, mask: 1 }] },
    "on-path",
    "on-path",
    "changes the 2nd packet from client#0 to server#0: XORs byte 1 from the end with 01",
  ],
  [
    { move: "disclose", principal: "bob", what: "long-term", when: "end" },
    "disclosure",
    "disclosure",
    "learns bob's long-term secrets, after everything is over",
  ],
  [
    { move: "disclose", principal: "bob", what: "store:users", when: "start" },
    "compromise",
    "compromise",
    "learns bob's store users, at the start",
  ],
];

describe("the table of capabilities", () => {
  test.each(table)("%j", (move, datagram, stream, words) => {
    expect(moveSchema.parse(move)).toEqual(move);
    expect(capabilityOf([move], "datagram")).toBe(datagram);
    expect(capabilityOf([move], "stream")).toBe(stream);
    expect(describeMove(move)).toBe(words);
  });

  test("puppets: an own session, in another principal's place, and as a registered user", () => {
    const own: Move = {
      move: "puppet",
      name: "puppet-a",
      role: "client",
      as: "alice",
      facing: "server#0",
    };
    expect(capabilityOf([own], "datagram")).toBe("off-path");
    expect(capabilityOf([{ ...own, insteadOf: "client#0" }], "datagram")).toBe("on-path");
    expect(capabilityOf([{ ...own, as: "mallory" }], "datagram")).toBe("insider");
    const stranger = { ...own, as: "mallory", ownKeys: true } as const;
    expect(capabilityOf([stranger], "datagram")).toBe("off-path");
    const spoofing = { ...own, spoofs: "client#0" };
    expect(capabilityOf([spoofing], "datagram")).toBe("off-path");
    expect(capabilityOf([spoofing], "stream")).toBe("on-path");
    const hijack: Move = { move: "hijack", name: "puppet-a", process: "client#0", after: packet };
    expect(capabilityOf([hijack], "datagram")).toBe("on-path");
    for (const move of [own, hijack]) expect(describeMove(move)).toMatch(/^[a-z]/);
    const told = [{ after: 1, hex: "6f6b" }];
    expect(describeMove({ ...spoofing, unready: true, told })).toBe(
      `${describeMove(own).replace(
        "in a session of its own",
        "from the spoofed address of client#0, without hearing answers",
      )}, speaking whether it is let in or not, itself making up an answer to it`,
    );
  });

  test("an attack needs what its moves need; listening and sending add up", () => {
    expect(capabilityOf([], "datagram")).toBe("none");
    const drop: Move = { move: "drop", packet };
    const inject: Move = { move: "inject", hex: "00", to, when: "start" };
    const replay: Move = { move: "replay", packet, to, when: "start" };
    const end: Move = { move: "disclose", principal: "bob", what: "long-term", when: "end" };
    expect(capabilityOf([drop, inject], "datagram")).toBe("off-path");
    expect(capabilityOf([drop, inject], "stream")).toBe("on-path");
    expect(capabilityOf([inject, end], "datagram")).toBe("disclosure");
    expect(capabilitiesOf([replay], "datagram")).toEqual(["passive", "off-path"]);
    const stray = { move: "inject", hex: "00", to: "server#0", when: "start" } as const;
    for (const from of ["mallory:6666", "mallory-7:6666"]) {
      expect(capabilityOf([{ ...stray, from }], "stream")).toBe("off-path");
    }
    expect(capabilityOf([{ ...stray, from: "client#0" }], "stream")).toBe("on-path");
    // What the attacker has sent or heard itself it need not watch others for.
    const [own, heard] = [
      { from: "puppet-a", to: "server#0", nth: 1 },
      { from: "server#0", to: "mallory", nth: 1 },
    ];
    for (const packet of [own, heard]) {
      const again = { move: "replay", packet, to: "server#0", when: "start" } as const;
      expect(capabilityOf([again], "datagram")).toBe("off-path");
      const edits: Edit[] = [{ edit: "paste", packet: { ...own, from: "client#0" } }];
      expect(capabilityOf([{ ...again, edits }], "datagram")).toBe("on-path");
    }
    expect(capabilitiesOf([end, inject, drop], "datagram")).toEqual(["off-path", "disclosure"]);
    for (const attack of [[drop], [inject, replay], [end]] as Attack[]) {
      const strongest = capabilityRank(capabilityOf(attack, "stream"));
      for (const move of attack) {
        for (const c of needs(move, "stream")) {
          expect(capabilityRank(c)).toBeLessThanOrEqual(strongest);
        }
      }
    }
  });

  test("every capability has a rank of its own and a meaning", () => {
    expect(capabilities.map(capabilityRank)).toEqual(capabilities.map((_, i) => i));
    expect(Object.keys(capabilityMeaning).sort()).toEqual([...capabilities].sort());
  });
});

describe("the schema", () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ["not a list", {}],
    ["an unknown move", [{ move: "explode" }]],
    ["a misspelt key", [{ move: "drop", packets: packet }]],
    ["a key too many", [{ move: "drop", packet, delayMs: 3 }]],
    ["packets counted from 0", [{ move: "drop", packet: { ...packet, nth: 0 } }]],
    ["half a packet", [{ move: "drop", packet: { ...packet, nth: 1.5 } }]],
    ["a process without a name", [{ move: "drop", packet: { ...packet, from: "#1" } }]],
    ["a process in capitals", [{ move: "redirect", packet, to: "Server#0" }]],
    ["half a byte", [{ move: "inject", hex: "abc", to, when: "start" }]],
    ["not hex", [{ move: "inject", hex: "zz", to, when: "start" }]],
    ["no time", [{ move: "inject", hex: "", to }]],
    ["a time before the start", [{ move: "inject", hex: "", to, when: { atMs: -1 } }]],
    ["an injection after the end", [{ move: "inject", hex: "", to, when: "end" }]],
    ["too many", [{ move: "inject", hex: "", to, when: "start", times: 1e9 }]],
    ["none", [{ move: "inject", hex: "", to, when: "start", times: 0 }]],
    ["a delay into the past", [{ move: "hold", packet, delayMs: -1 }]],
    ["endless", [{ move: "hold", packet, delayMs: Number.POSITIVE_INFINITY }]],
    ["no edits", [{ move: "modify", packet, edits: [] }]],
    ["an unknown edit", [{ move: "modify", packet, edits: [{ edit: "burn" }] }]],
    [
      "a mask of nine bits",
      [{ move: "modify", packet, edits: [{ edit: "flip", at: 0, mask: 256 }] }],
    ],
    ["a negative length", [{ move: "modify", packet, edits: [{ edit: "truncate", length: -1 }] }]],
    ["an unknown secret", [{ move: "disclose", principal: "bob", what: "all", when: "end" }]],
    ["a store without a name", [{ move: "disclose", principal: "b", what: "store:", when: "end" }]],
    ["more than a thousand moves", Array.from({ length: 1_001 }, () => ({ move: "drop", packet }))],
  ];
  test.each(bad)("refuses %s", (_, attack) => {
    expect(attackSchema.safeParse(attack).success).toBe(false);
  });

  test("takes what it gives, through JSON", () => {
    const attack = table.map(([move]) => move);
    expect(attackSchema.parse(JSON.parse(JSON.stringify(attack)))).toEqual(attack);
  });
});
