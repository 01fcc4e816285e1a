/*
 * The three steps of a rotation, read from the ring itself: the newest key (the highest number in its id: k2 after k1,
 * for service secrets the prefix s2.) at the end has only entered, at the front it writes, alone the rotation is over.
 * A key that writes before every instance can read it would fail logins, so no step is ever skipped.
 */
import { createHash } from 'node:crypto';
import { createEntry, type RingName } from './generate-keys.ts';
import { StartError } from './start-error.ts';

type Step = 1 | 2 | 3;

export interface RingState {
  entries: string[];
  /** The step that comes next. */
  next: Step;
  /** The entry that step 3 takes out. */
  oldest: string | undefined;
}

/** @throws StartError where the order of the keys tells no step */
export function readRing(name: RingName, text: string): RingState {
  if (/["'\s#$]/.test(text)) throw new StartError(`${name} is quoted or holds blanks: rotate it by hand.`);
  const entries = text.split(',').map((entry) => entry.trim());
  const numbers = entries.map(numberOf);
  const newest = Math.max(...numbers);
  if (entries.some((entry) => entry === '') || new Set(numbers).size < numbers.length) {
    throw new StartError(`${name} holds keys whose ids tell no order: rotate it by hand.`);
  }
  if (entries.length === 1) return { entries, next: 1, oldest: undefined };
  if (numbers[0] === newest) return { entries, next: 3, oldest: entries.at(-1) };
  if (numbers.at(-1) === newest) return { entries, next: 2, oldest: undefined };
  throw new StartError(`${name} has its newest key neither first nor last: rotate it by hand.`);
}

export function rotateRing(name: RingName, { entries, next }: RingState): string {
  if (next === 1) return [...entries, createEntry(name, Math.max(...entries.map(numberOf)) + 1)].join(',');
  if (next === 2) return [entries.at(-1), ...entries.slice(0, -1)].join(',');
  return entries.slice(0, -1).join(',');
}

/** What an entry is called without telling it. */
export function labelOf(name: RingName, entry: string): string {
  const fingerprint = createHash('sha256').update(`sallyport/keys/1\n${entry}`).digest('hex').slice(0, 8);
  return name.endsWith('_SERVICE_SECRETS') ? `s${numberOf(entry)} (${fingerprint})` : `${idOf(entry)} (${fingerprint})`;
}

export const idOf = (entry: string) => entry.slice(0, entry.indexOf(':'));

/** An entry without a number counts as older than any other. */
function numberOf(entry: string): number {
  return Number(/^(?:k(\d{1,10}):|s(\d{1,10})\.)/.exec(entry)?.slice(1).find(Boolean) ?? 1);
}
