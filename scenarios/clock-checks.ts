/**
 * The page alice-bob-clocks.md: which check of a message's date is safe, told by runs of the lab.
 * Nothing on it is written by hand but the words between the tables; its test writes it anew.
 */
import { describeMove } from "../attacker/describe.ts";
import type { Attack, PacketRef } from "../attacker/move.ts";
import { guarantees } from "../harness/guarantees/catalog.ts";
import { bundledSubject } from "../harness/input/bundled-protocols.ts";
import { nameOf } from "../harness/input/protocol-reference.ts";
import { assess } from "../harness/search/assess.ts";
import { Baselines, judge, simulatePlainly } from "../harness/search/judge-run.ts";
import { defaultSeed, planOf, type Subject } from "../harness/subject.ts";
import type { Trace } from "../harness/trace/trace.ts";

interface Check {
  readonly words: string;
  readonly given: Readonly<Record<string, string>>;
}

/** A secret key and honest reports of failure, so that only the dates are looked at. */
const common = { key: "secret", severed: "fail" } as const;
const safe: Check = {
  words: "inside the token, newer than the last, refused otherwise",
  given: { ...common, fresh: "mono", alarm: "drop" },
};
const window: Check = {
  words: "inside the token, at most three seconds old",
  given: { ...common, fresh: "window", alarm: "drop" },
};
const outside: Check = {
  words: "in front of the token, newer than the last and at most three seconds old",
  given: { ...common, layout: "out", fresh: "both", alarm: "drop" },
};
const searchedToo: readonly Check[] = [window, outside];
const checks: readonly Check[] = [
  safe,
  {
    words: "the same, but an alarm is all that happens",
    given: { ...common, fresh: "mono", alarm: "warn" },
  },
  window,
  {
    words: "inside the token, newer than the last and at most three seconds old",
    given: { ...common, fresh: "both", alarm: "drop" },
  },
  {
    words: "in front of the token, newer than the last",
    given: { ...common, layout: "out", fresh: "mono", alarm: "drop" },
  },
  outside,
];

const fromBob = (nth: number): PacketRef => ({ from: "client#0", to: "server#0", nth });
const fromAlice = (nth: number): PacketRef => ({ from: "server#0", to: "client#0", nth });
const hexOf = (text: string): string => Buffer.from(text).toString("hex");

const again = {
  move: "replay",
  packet: fromBob(1),
  to: "server#0",
  from: "client#0",
  when: { after: fromAlice(2) },
} as const;

const attacks = {
  copy: [again],
  newDate: [
    {
      ...again,
      edits: [
        { edit: "replace", inside: ["bytes:0-26"], hex: hexOf("2018-10-22 09:00:00.060000") },
      ],
    },
  ],
  lostConfirmation: [{ move: "drop", packet: fromAlice(2) }],
  lostMessage: [{ move: "drop", packet: fromBob(1) }],
  heldBack: [
    { move: "hold", packet: fromBob(1), delayMs: 25_000 },
    { move: "drop", packet: fromBob(2) },
    { move: "drop", packet: fromBob(3) },
  ],
} as const satisfies Record<string, Attack>;

const subjectOf = ({ given }: Check): Subject => bundledSubject({ source: "alice-bob", given });
const first = "the first message";

/** One run, and what it says of the first message of the first session. */
function runOf(check: Check, attack: Attack) {
  const subject = subjectOf(check);
  const trace = simulatePlainly(planOf(subject, { attack }));
  return { trace, replay: replayIn(subject, trace), facts: factsOf(trace) };
}

function replayIn(subject: Subject, trace: Trace): string {
  const guarantee = guarantees.find((g) => g.id === "replay");
  if (guarantee === undefined) return "nobody judges it";
  const { violation, atStake } = judge(guarantee, trace, new Baselines(subject, defaultSeed));
  if (violation !== undefined) return "**broken**";
  return atStake === 0 ? "nothing accepted" : "holds";
}

function factsOf(trace: Trace) {
  const decoder = new TextDecoder();
  const own = trace.events.filter((e) => "at" in e && ["client#0", "server#0"].includes(e.at));
  const texts = own.flatMap((e) => (e.kind === "deliver" ? [decoder.decode(e.message)] : []));
  const planned = trace.plan.workload.sessions[0]?.messages ?? [];
  const later = planned.map((m) => decoder.decode(m.message)).slice(1);
  const arrived = [...texts];
  const others = later.filter((text) => {
    const at = arrived.indexOf(text);
    if (at >= 0) arrived.splice(at, 1);
    return at >= 0;
  });
  return {
    accepted: texts.filter((text) => text === first).length,
    others: `${others.length} of ${later.length}`,
    confirmed: own.some((e) => e.kind === "confirm" && decoder.decode(e.message) === first),
    alarms: own.filter((e) => e.kind === "alarm").length,
    crashed: own.flatMap((e) => (e.kind === "crashed" ? [e.at] : [])),
    tokens: trace.packets.filter((p) => p.from === "client#0").length,
    minutes: Math.round((trace.events.at(-1)?.t ?? 0) / 60_000),
  };
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const table = (heads: readonly string[], rows: readonly string[]): string =>
  [row(...heads), row(...heads.map(() => "---")), ...rows].join("\n");

function steps(attack: Attack): string {
  return attack.map((move) => `   - ${describeMove(move)}`).join("\n");
}

function replayTable(): string {
  const rows = checks.map((check) => {
    const cells = [attacks.copy, attacks.newDate, attacks.lostConfirmation].map((attack) => {
      const { replay, facts } = runOf(check, attack);
      const end = facts.crashed.length > 0 ? `, ${facts.crashed.join(" and ")} crashes` : "";
      return `${replay}: taken ${times(facts.accepted)}, ${alarmsOf(facts.alarms)}${end}`;
    });
    return row(check.words, `\`${nameOf(subjectOf(check))}\``, ...cells);
  });
  const heads = ["where the date stands, and what is fresh", "options"];
  return table([...heads, "1: a copy", "2: a new date", "3: a lost confirmation"], rows);
}

function lossTable(): string {
  const rows = checks.map((check) => {
    const cells = [attacks.lostConfirmation, attacks.lostMessage, attacks.heldBack].map(
      (attack) => {
        const { accepted, confirmed, alarms, tokens, others, minutes } = runOf(check, attack).facts;
        const told = confirmed ? "Bob is told" : "Bob is **never told**";
        const sent = `${tokens} tokens in ${minutes} min`;
        return `taken ${times(accepted)}, ${told}; ${alarmsOf(alarms)}, ${sent}; then ${others}`;
      },
    );
    return row(check.words, ...cells);
  });
  const heads = ["check", "3: a lost confirmation", "4: a lost message", "5: a message held back"];
  return table(heads, rows);
}

const times = (n: number): string => ["never", "once", "twice"][n] ?? `${n} times`;
const alarmsOf = (n: number): string =>
  n === 0 ? "no alarm" : n === 1 ? "1 alarm" : `${n} alarms`;

/** Every generic strategy, until one of them succeeds. */
function searched(check: Check): string {
  const subject = subjectOf(check);
  let broken = false;
  const settings = { seed: defaultSeed, guarantees: ["replay"] };
  const { verdicts } = assess(subject, settings, {
    progress: (e) => {
      broken ||= e.kind === "cell" && e.verdict.verdict === "broken";
    },
    stop: () => broken,
  });
  const said = verdicts.map((v) => (v.verdict === "broken" ? `broken: ${v.because}` : v.verdict));
  return `${nameOf(subject)}\n  ${said.join("; ")}`;
}

export function clocksPage(): string {
  return [introduction(), replayPart(), lossPart()].join("\n\n");
}

const introduction = (): string => `# Which clock check is safe?

<!-- Written by the lab: npx vitest run scenarios/clock-checks.test.ts -u -->

The alice-bob report puts a date into each message, so that its receiver notices what comes a
second time. Its text and its pictures tell of three different checks, and leave open where the
date stands. The lab has all of them as options. A verifier that reasons on symbols gives no answer
here, for it has no clock; the lab runs the programs against a virtual one.

Every row below has a secret key (\`key=secret\`), so that nobody but Bob makes a token, and
\`severed=fail\`. The five attacks are these:

1. a copy, within three seconds
${steps(attacks.copy)}
2. an old token under a date that somebody made up
${steps(attacks.newDate)}
3. a lost confirmation
${steps(attacks.lostConfirmation)}
4. a lost message
${steps(attacks.lostMessage)}
5. a message that is held back
${steps(attacks.heldBack)}`;

const replayPart = (): string => `## Is anything taken twice?

The verdict on \`replay\` in that one run, how often the first message was taken, and how often
Alice warned her user.

${replayTable()}

Nothing is taken twice where the date stands inside, must be newer than the last, and what is not
is refused; whether it must be young as well makes no difference here. A window by itself lets a
copy pass for as long as it is open. A date in front of the token is covered by nothing and can be
written anew; then it makes no difference what is asked of it. (Written over the beginning of a
token that has its date inside, the new date leaves no token at all, and that ends Alice: another
flaw.) And a check that only warns takes whatever it warns of: the third attack needs nobody who
wants to replay anything.

All generic strategies, held against \`replay\`:

\`\`\`
${[safe, ...searchedToo].map(searched).join("\n")}
\`\`\`

That the last one holds here says what the strategies cannot do: none of them makes up dates. The
attack in the table is a scenario file, \`alice-bob-new-date\`.`;

const lossPart = (): string => `## Does what was sent arrive?

What is safe against replays is not safe against an ordinary loss. Bob sends the same token again
after ten seconds, and the check takes that for a replay. How often the first message was taken,
whether Bob is told, how often Alice warned, what Bob sent until the end of the run, and how many
of the messages after it arrived:

${lossTable()}

With a check that refuses, one lost confirmation is a livelock: Alice has the message, Bob is never
told, each of his attempts raises an alarm, and the messages after it are never sent. The alarms
are false, since nobody replays anything. With a window the same happens to a lost message: the
second attempt is ten seconds old, and the window has three. With a check that only warns
everything arrives, and the message is taken twice. Only the end of the run ends the livelock; the
programs know none.

The last attack shows what the safe check does not ask: how old a message is. A token that is held
back for twenty-five seconds is taken without an alarm where only the order of dates counts. A
window notices it; and then the message is lost.

The scenario files: \`alice-bob-new-date\`, \`alice-bob-lost-confirmation\`,
\`alice-bob-endless-refusal\`, \`alice-bob-late-message\`, \`alice-bob-held-back\`,
\`alice-bob-far-ahead\`, \`alice-bob-no-confirmation\`; run one with \`npx mallory run\` and its
name.
`;
