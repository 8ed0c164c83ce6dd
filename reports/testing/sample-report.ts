/**
 * FIXTURE for tests and for trying out reports: nothing in it comes from a run, and it says
 * nothing about any real protocol. Some of its strings are hostile on purpose.
 */
import type {
  Finding,
  GuaranteeVerdict,
  HonestRun,
  MatrixProgress,
  MatrixReport,
  MessageSequence,
  ProtocolReport,
  SavedAttack,
} from "../../harness/verdict.ts";

/** Tries a terminal, a page, a table and a diagram at once. Must never appear as it is. */
export const hostile =
  "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script> | `x` **b** " +
  "\u202egnp.exe\u202c \x9b31m; end\n# h";

const network: SavedAttack["network"] = {
  latencyMs: 10,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  faultsEndMs: 5_000,
  mtuBytes: 1_500,
  chunking: "as-written",
};

const packet = (nth: number) => ({ from: "client#0", to: "server#0", nth });

const replayStory: MessageSequence = {
  lifelines: ["client#0", "mallory", "server#0"],
  steps: [
    { t: 0, from: "client#0", to: "server#0", kind: "packet", label: "nonce", hex: "00112233" },
    { t: 10, from: "server#0", to: "client#0", kind: "packet", label: "nonce, signature" },
    { t: 20, from: "client#0", to: "client#0", kind: "note", label: "handshake done" },
    {
      t: 25,
      from: "client#0",
      to: "server#0",
      kind: "packet",
      label: "record “transfer 100 to carol”",
      hex: "17fe0a".repeat(20),
    },
    { t: 35, from: "server#0", to: "server#0", kind: "note", label: "delivers the message" },
    {
      t: 36,
      from: "mallory",
      to: "server#0",
      kind: "attack-packet",
      label: "the 2nd packet of client#0 to server#0 again, 60 bytes, source client:40001",
      hex: "17fe0a".repeat(20),
    },
    { t: 46, from: "server#0", to: "client#0", kind: "lost", label: "acknowledgement" },
    {
      t: 46,
      from: "server#0",
      to: "server#0",
      kind: "violation",
      label: "delivers “transfer 100 to carol” a second time",
    },
  ],
};

const changeStory: MessageSequence = {
  lifelines: ["client#0", "mallory", "server#0"],
  steps: [
    { t: 0, from: "client#0", to: "server#0", kind: "packet", label: "hello" },
    { t: 10, from: "server#0", to: "client#0", kind: "lost", label: "welcome (dropped)" },
    { t: 12, from: "client#0", to: "server#0", kind: "changed", label: `record ${hostile}` },
    { t: 15, from: "mallory", to: "victim", kind: "attack-packet", label: "60 stray bytes" },
    {
      t: 22,
      from: "server#0",
      to: "server#0",
      kind: "violation",
      label: "delivers what nobody submitted",
    },
  ],
};

function finding(
  guarantee: string,
  partial: Partial<Finding> & Pick<Finding, "because">,
  protocol = "paper-boat",
): Finding {
  return {
    capability: "on-path",
    needs: ["on-path"],
    compute: null,
    steps: ["change packet 1 of client#0 to server#0: flip bit 0 of byte 12"],
    attack: {
      schema: "mallory/attack@1",
      protocol,
      options: {},
      workload: "default",
      seed: "mallory",
      network,
      moves: [
        {
          move: "modify",
          packet: packet(1),
          edits: [{ edit: "flip", at: 12, mask: 1 }],
        },
      ],
      guarantee,
      digest: "9f2c".repeat(16),
    },
    digest: "9f2c".repeat(16),
    strategy: "flip-each-field",
    story: changeStory,
    ...partial,
  };
}

function verdict(
  guarantee: string,
  partial: Partial<GuaranteeVerdict> & Pick<GuaranteeVerdict, "verdict" | "because">,
): GuaranteeVerdict {
  const found = partial.finding;
  return {
    guarantee,
    claimed: false,
    capability: found === undefined ? null : found.capability,
    others: [],
    heldAgainst: [],
    runs: 1_240,
    strategies: 41,
    atStake: 5_120,
    effective: 873,
    exhaustiveDepth: null,
    ...partial,
  };
}

const holds = (guarantee: string, claimed: boolean, depth: number | null = 2): GuaranteeVerdict =>
  verdict(guarantee, {
    verdict: "holds",
    claimed,
    because: "no attack that was tried breaks it",
    heldAgainst: ["none", "passive", "off-path", "on-path", "insider"],
    exhaustiveDepth: depth,
    ...(claimed ? { claim: `The ${guarantee} of every message is guaranteed.` } : {}),
  });

const replayFinding = finding("replay", {
  capability: "on-path",
  needs: ["passive", "off-path"],
  because: "server#0 delivered “transfer 100 to carol” twice although it was submitted once",
  steps: ["replay packet 2 of client#0 to server#0, right after it arrived"],
  strategy: "replay-each-packet",
  story: replayStory,
});
const hostileFinding = finding("integrity", {
  because: `server#0 delivered ${hostile}, which nobody submitted`,
  steps: ["drop packet 1 of server#0 to client#0", `change packet 2: insert ${hostile}`],
});
const flipFinding = finding("integrity", {
  because: "one flipped byte of a record is accepted",
  steps: ["flip bit 0 of byte 12 in packet 2 of client#0 to server#0"],
  digest: "77aa".repeat(16),
});
const offline = finding("password-protection", {
  capability: "passive",
  needs: ["passive"],
  compute: "a dictionary of 10,000 words against SHA-256",
  because: "the password “sunshine” follows from the login packet by guessing",
  steps: ["listen"],
  strategy: "listen",
});
const crash = finding("robustness", {
  capability: "off-path",
  needs: ["off-path"],
  because: "server#0 crashed on an empty datagram: RangeError: Offset is outside the DataView",
  steps: ["send an empty datagram to server#0 from mallory:6666 at the start"],
  strategy: "stray-packets",
});
const insider = finding("integrity", {
  capability: "insider",
  needs: ["insider"],
  because: "server#0 took carol for alice",
  steps: ["log in as carol", "send alice's name in the record"],
  strategy: "insider",
});

const honest: HonestRun = {
  submitted: 5,
  delivered: 5,
  datagrams: 11,
  largestDatagram: 60,
  digest: "ab12".repeat(16),
  story: { lifelines: ["client#0", "server#0"], steps: replayStory.steps.slice(0, 4) },
  wire: [
    {
      n: 1,
      t: 0,
      from: "client#0",
      to: "server#0",
      length: 20,
      head: "000102030405060708090a0b…",
      lines: [
        { depth: 0, from: 0, to: 12, label: "nonce", text: "nonce drawn by client#0" },
        {
          depth: 0,
          from: 12,
          to: 20,
          label: "ciphertext",
          text: "AES-GCM of “<b>|*row*\u001b[31m” under K(client#0, server#0)",
          known: "the adversary does not know what is inside",
        },
      ],
      more: 2,
    },
  ],
};

const paperBoat: ProtocolReport = {
  name: "paper-boat",
  title: "Paper Boat, a lab exercise (fixture)",
  flow: [
    "client -> server: nonce",
    "server -> client: nonce, signature",
    "client -> server: record, mac",
  ].join("\n"),
  options: { seg: "8", loop: "false" },
  source: "bundled",
  verdicts: [
    verdict("confidentiality", {
      verdict: "broken",
      claimed: true,
      claim: "All messages are encrypted with a fresh AES key.",
      because: "mallory shares the key with both ends, since the public keys are not bound",
      finding: finding("confidentiality", {
        because: "mallory shares the key with both ends, since the public keys are not bound",
        steps: [
          "replace the public key in packet 1 of client#0 to server#0 by mallory's own",
          "replace the public key in packet 1 of server#0 to client#0 by mallory's own",
        ],
        strategy: "splice",
      }),
      layer: { verdict: "holds", capability: null, because: "no payload is derivable" },
    }),
    verdict("integrity", {
      verdict: "broken",
      claimed: true,
      claim: "Any change of a message is detected.",
      because: hostileFinding.because,
      finding: hostileFinding,
      others: [insider],
      heldAgainst: ["none", "passive", "off-path"],
      layer: {
        verdict: "broken",
        capability: "on-path",
        because: "one flipped byte of a record is accepted",
        finding: flipFinding,
      },
    }),
    verdict("replay", {
      verdict: "broken",
      claimed: true,
      claim: "A nonce in each session prevents replay.",
      because: replayFinding.because,
      finding: replayFinding,
      heldAgainst: ["none", "passive"],
      layer: {
        verdict: "broken",
        capability: "on-path",
        because: "a record is delivered twice",
        finding: replayFinding,
      },
    }),
    verdict("server-authentication", {
      verdict: "unknown",
      claimed: true,
      claim: "The server proves its identity.",
      because: "untracked bytes: a key was computed by XOR outside of the recorded cryptography",
    }),
    holds("ordering", false),
    verdict("forward-secrecy", {
      verdict: "not-applicable",
      because: "the protocol has no long-term secrets",
    }),
    verdict("robustness", { verdict: "broken", because: crash.because, finding: crash }),
    verdict("password-protection", {
      verdict: "broken",
      because: offline.because,
      finding: offline,
    }),
    holds("message-budget", true),
  ],
  honest,
  runs: 11_160,
};

const ironFerry: ProtocolReport = {
  name: "iron-ferry",
  title: `Iron Ferry (fixture) ${hostile}`,
  flow: `client -> server: hello\nserver -> client: hello, certificate\n${hostile}`,
  options: {},
  source: "./examples/iron-ferry.ts",
  verdicts: [
    holds("confidentiality", true),
    holds("integrity", true),
    holds("replay", true, null),
    verdict("server-authentication", {
      verdict: "holds",
      claimed: true,
      claim: hostile,
      because: "injective agreement held in 812 commits",
      heldAgainst: ["none", "passive", "off-path", "on-path", "insider"],
      exhaustiveDepth: 3,
    }),
    verdict("ordering", {
      verdict: "unknown",
      because: "nothing was at stake: no session delivered two messages",
    }),
    holds("forward-secrecy", true),
    verdict("robustness", {
      verdict: "broken",
      claimed: true,
      claim: "Malformed packets are ignored.",
      because: crash.because,
      finding: crash,
      layer: { verdict: "unknown", capability: null, because: "the budget ended" },
    }),
    verdict("message-budget", {
      verdict: "broken",
      because: "a datagram of 96 bytes left client#0, where 64 bytes are stated",
      finding: finding("message-budget", {
        capability: "none",
        needs: [],
        because: "a datagram of 96 bytes left client#0, where 64 bytes are stated",
        steps: [],
        strategy: "honest",
      }),
    }),
  ],
  honest: { ...honest, largestDatagram: 96 },
  runs: 9_920,
};

export const sampleReport: MatrixReport = {
  schema: "mallory/matrix@1",
  seed: "mallory",
  version: "0.1.0",
  protocols: [paperBoat, ironFerry],
  runs: 21_080,
  seconds: 3.42,
};

/** The sample with the same two protocols `times` times, for tables that are too wide. */
export function wideReport(times: number): MatrixReport {
  const protocols = Array.from({ length: times }, (_, i) =>
    sampleReport.protocols.map((p) => ({ ...p, name: `${p.name}-${i + 1}` })),
  ).flat();
  return { ...sampleReport, protocols, incomplete: "stopped by the user" };
}

/** The progress events that the harness would have sent while computing a report. */
export function progressOf(report: MatrixReport): readonly MatrixProgress[] {
  const events: MatrixProgress[] = report.protocols.map((protocol) => ({
    kind: "protocol",
    name: protocol.name,
    guarantees: protocol.verdicts.map((v) => v.guarantee),
  }));
  for (const protocol of report.protocols) {
    const total = protocol.verdicts.length * 4;
    protocol.verdicts.forEach((cell, i) => {
      for (const strategy of ["honest", "replay-each-packet", "flip-each-field", "splice"]) {
        const done =
          i * 4 + ["honest", "replay", "flip", "splice"].indexOf(strategy.split("-")[0] ?? "") + 1;
        const runs = Math.round((protocol.runs * done) / total);
        events.push({ kind: "step", name: protocol.name, strategy, done, total, runs });
      }
      events.push({ kind: "cell", name: protocol.name, verdict: cell });
    });
    events.push({ kind: "finished", report: protocol });
  }
  return events;
}

export const sampleReplayCommand = (finding: Finding): string =>
  `mallory replay mallory-out/attacks/${finding.attack.protocol}-${finding.attack.guarantee}.json`;
