/** Where nobody attacks and it is broken, what the author seems to have said wrongly. */
import { expect, test } from "vitest";
import { assess } from "../search/assess.ts";
import { accept, addresses, claim, type Scripts, scripted, submit } from "../testing/scripted.ts";
import { run, subjectFor, transmit } from "../testing/tiny.ts";
import { serverAuthentication } from "./authentication.ts";
import { origin } from "./origin.ts";

const answer = transmit("x", addresses.client);
const commits: Scripts["client"] = [[3, [claim("commit", "bob", "k")]]];
const says = (peer: string, agreed: string) => claim("running", peer, agreed);

const situations: readonly (readonly [string, Scripts, RegExp])[] = [
  [
    "the role for the name",
    { client: [[3, [claim("commit", "server", "k")]]] },
    /“server” is no principal here; it is a role, which bob plays/,
  ],
  ["no such name", { client: [[3, [claim("commit", "bobby")]]] }, /“bobby” is no principal here$/],
  ["silence", { client: commits }, /bob sends nothing before client#0 says `commit`/],
  ["no run", { client: commits, server: [[1, [answer]]] }, /bob never says `running`/],
  [
    "a run with another",
    { client: commits, server: [[1, [answer, says("client", "k")]]] },
    /server#0 says `running` with client instead/,
  ],
  [
    "a run that begins too late",
    {
      client: commits,
      server: [
        [1, [answer]],
        [5, [says("alice", "k")]],
      ],
    },
    /server#0 says `running` too late/,
  ],
  [
    "one run for two",
    { client: commits, client1: commits, server: [[1, [answer, says("alice", "k")]]] },
    /once for several runs/,
  ],
  [
    "another value",
    { client: commits, server: [[1, [answer, says("alice", "q")]]] },
    /name different values/,
  ],
];
test.each(situations)("%s", (_, scripts, hint) => {
  expect(serverAuthentication.misstated?.(run(scripted(scripts)))).toMatch(hint);
});

test.each([
  ["a role for a name", "client", /“client” is no principal here; it is a role, which alice plays/],
  ["other bytes", "alice", /names the principal whose user has sent it, in the same bytes/],
])("delivered: %s", (_, from, hint) => {
  const honest = run(scripted({ server: [[2, [accept("X", undefined, from)]]] }));
  expect(origin.misstated?.(honest)).toMatch(hint);
});

test("the verdict and the report say so, where no attack is to blame", () => {
  const claims = [{ guarantee: origin.id, says: "Only Alice is heard." }];
  const judged = (from: string) =>
    assess(
      subjectFor(
        scripted({
          client: [[1, [submit("x")]]],
          server: [[2, [accept("x", undefined, from)]]],
          protocol: { claims },
        }),
      ),
      { seed: "mallory", guarantees: [origin.id] },
    );
  const wrong = judged("client");
  expect(wrong.verdicts[0]?.because).toMatch(
    /Nobody attacked, and it is broken: check your claims \(“client” is no principal here; /,
  );
  expect(wrong.faults?.[0]).toMatch(
    /^claims origin, and breaks .*; check what it claims \(“client/,
  );
  const right = judged("alice");
  expect(right.faults).toBeUndefined();
  expect(right.verdicts[0]?.because).not.toMatch(/check your claims/);
});
