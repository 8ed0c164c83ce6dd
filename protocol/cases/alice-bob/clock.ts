/**
 * The clock of both ends: they run on one machine, so they agree. Virtual time starts on a whole
 * second, which keeps one fault of the original within reach: it writes a date as Python prints
 * it, and Python leaves the fraction out when it is zero.
 */
import type { Millis } from "../../endpoint.ts";

/** Nine o'clock on the day from which the report's pictures are. */
const startMs = Date.UTC(2018, 9, 22, 9);

/** Characters of a date with its fraction: what the receiver cuts off, whatever was sent. */
export const dateBytes = 26;

const microsPerSecond = 1_000_000;
const microsOf = (now: Millis): number => startMs * 1000 + Math.floor(now * 1000);

/** What a Fernet token says in clear. */
export const unixSeconds = (now: Millis): number => Math.floor(microsOf(now) / microsPerSecond);

/** @returns `2018-10-22 09:00:01.250000`: 26 characters, or 19 on a whole second. */
export function dateText(now: Millis): string {
  const micros = microsOf(now);
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  const fraction = micros % microsPerSecond;
  const whole = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(6, "0")}`;
}

/** The digits of a date: what log files are named by. */
export const dateDigits = (now: Millis): string => dateText(now).replaceAll(/\D/g, "");

const datePattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})$/;

/** @returns microseconds since 1970, or `undefined` if `text` is not a date with its fraction. */
export function readDate(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (match === null) return undefined;
  const [, day, time, fraction] = match;
  const ms = Date.parse(`${day}T${time}Z`);
  // What is no day of the calendar either fails to parse or comes out as another day.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) return undefined;
  return ms * 1000 + Number(fraction);
}

/** How old a date is, in microseconds; negative if it lies ahead. */
export const ageMicros = (date: number, now: Millis): number => microsOf(now) - date;
