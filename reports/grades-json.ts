/**
 * Message grades for programs: `mallory/grades@1`. Fields may be added, and none may change its
 * meaning or go away.
 */
import type { Cap, Grade, GradesReport } from "../harness/grades/message-grade.ts";

/** Where an attack was saved, or `null` if it was not. */
export type CapFile = (cap: Cap) => string | null;

function gradeJson(grade: Grade, file: CapFile): unknown {
  if (grade.grade === "unknown") return { grade: null, because: grade.because, attack: null };
  const { cap } = grade;
  if (cap === undefined) return { grade: grade.grade, because: null, attack: null };
  const { because, capability, steps, attack } = cap;
  return {
    grade: grade.grade,
    because,
    capability,
    attack: { moves: attack.moves, steps, file: file(cap), digest: attack.digest },
  };
}

/** The part of a document that is about one protocol. */
export function gradesJson(report: GradesReport, file: CapFile = () => null): object {
  return {
    messages: report.messages.map((m) => ({
      session: m.session,
      from: m.from,
      to: m.to,
      sender: m.sender,
      receiver: m.receiver,
      nth: m.nth,
      inHandshake: m.inHandshake,
      said: m.said,
      source: gradeJson(m.source, file),
      destination: gradeJson(m.destination, file),
    })),
    alike: report.alike,
    runs: report.runs,
  };
}
