// What somebody who can write to a log might do to it, one thing at a time, and where that must be found.
import { generateKeyPairSync } from 'node:crypto';
import { signCheckpoint } from '../checkpoint.ts';
import { hashEvent } from '../hash-event.ts';
import { checkpointType, createEvent, isCovered, type TestEvent } from './test-log.ts';

/** `at` is a number of the log, `other` another one, `pick` chooses among what there is to change. */
interface Choice {
  at: number;
  other: number;
  pick: number;
}

/** The log after the alteration and the first number that it touched; undefined where it can't be done there. */
export type Alteration = (log: TestEvent[], choice: Choice) => { log: TestEvent[]; place: number } | undefined;

const { privateKey: strangerKey } = generateKeyPairSync('ed25519');

const index = (number: number) => number - 1;

function rehash(event: TestEvent): void {
  event.hash = hashEvent(event);
}

/** Numbers, links and hashes everything from a place on anew. */
function rechain(log: TestEvent[], from: number): void {
  for (const [at, event] of log.entries()) {
    if (at + 1 < from) continue;
    event.sequence = String(at + 1);
    if (at > 0) event.prevhash = log[at - 1].hash;
    rehash(event);
  }
}

function renumber(log: TestEvent[]): void {
  for (const [at, event] of log.entries()) event.sequence = String(at + 1);
}

/** Every place of an event where a single value stands. */
function leaves(value: TestEvent, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function change(event: TestEvent, path: string[]): void {
  const holder = path.slice(0, -1).reduce((inner, key) => inner[key], event);
  const key = path.at(-1) ?? '';
  const old = holder[key];
  if (typeof old === 'number') holder[key] = old + 1;
  else if (typeof old !== 'string') holder[key] = 'x';
  else if (/^[0-9a-f]{64}$/.test(old)) holder[key] = old.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  else if (/^\d+$/.test(old)) holder[key] = String(Number(old) + 1);
  else holder[key] = `${old}x`;
}

const isPersonal = (path: string[]) => path[0] === 'data' && path[1] === 'personal';

function changeOne(event: TestEvent, pick: number, may: (path: string[]) => boolean): string[] | undefined {
  const paths = leaves(event).filter(may);
  const path = paths[pick % paths.length];
  if (path) change(event, path);
  return path;
}

const forged = (number: number) =>
  createEvent(number, { type: 'sallyport.user.roles_changed', subject: null, actor: null, word: 'forged' });

function insertForged(log: TestEvent[], at: number): void {
  const event = forged(at);
  Object.assign(event, { sequence: String(at), prevhash: log[index(at)].prevhash });
  rehash(event);
  log.splice(index(at), 0, event);
}

const isLast = (log: TestEvent[], at: number) => at === log.length;

export const alterations: Readonly<Record<string, Alteration>> = {
  'edits a value': (log, { at, pick }) => {
    changeOne(log[index(at)], pick, (path) => !isPersonal(path));
    return { log, place: at };
  },
  'edits a value and hashes the event anew': (log, { at, pick }) => {
    const event = log[index(at)];
    // What is said beside the signature of the last checkpoint is vouched for by nothing.
    const seen = (path: string[]) => !isLast(log, at) || ['data', 'sequence', 'prevhash'].includes(path[0] ?? '');
    changeOne(event, pick, (path) => path[0] !== 'hash' && !isPersonal(path) && seen(path));
    rehash(event);
    return { log, place: at };
  },
  'edits a value and hashes everything from there on anew': (log, { at, pick }) => {
    if (isLast(log, at)) return undefined;
    changeOne(
      log[index(at)],
      pick,
      (path) => !['hash', 'sequence', 'prevhash'].includes(path[0] ?? '') && !isPersonal(path),
    );
    rechain(log, at);
    return { log, place: at };
  },
  'edits personal data': (log, { at, pick }) =>
    log[index(at)].data.personal !== null && changeOne(log[index(at)], pick, isPersonal)
      ? { log, place: at }
      : undefined,
  'removes personal data': (log, { at }) => {
    const { data } = log[index(at)];
    if (data.personal === null || isCovered(log, at)) return undefined;
    data.personal = null;
    return { log, place: at };
  },
  'puts in personal data where there was none': (log, { at }) => {
    const { data } = log[index(at)];
    if (data.personal !== null) return undefined;
    data.personal = { ...forged(at).data.personal, username: 'eve' };
    return { log, place: at };
  },
  'deletes one': (log, { at }) => (isLast(log, at) ? undefined : { log: log.toSpliced(index(at), 1), place: at }),
  'deletes a run': (log, { at, other }) =>
    isLast(log, at) ? undefined : { log: log.toSpliced(index(at), 1 + (other % (log.length - at))), place: at },
  'deletes one and numbers the rest anew': (log, { at }) => {
    if (isLast(log, at)) return undefined;
    log.splice(index(at), 1);
    renumber(log);
    return { log, place: at };
  },
  'deletes one and hashes the rest anew': (log, { at }) => {
    if (isLast(log, at)) return undefined;
    log.splice(index(at), 1);
    rechain(log, at);
    return { log, place: at };
  },
  'inserts a copy': (log, { at, other }) => {
    const copy = structuredClone(log[index(other)]);
    return { log: log.toSpliced(index(at), 0, copy), place: other === at - 1 ? other : at };
  },
  'inserts a copy at the end': (log, { other }) => {
    const place = isLast(log, other) ? other : log.length + 1;
    return { log: [...log, structuredClone(log[index(other)])], place };
  },
  'inserts a forged one': (log, { at }) => {
    insertForged(log, at);
    return { log, place: at };
  },
  'inserts a forged one and numbers the rest anew': (log, { at }) => {
    insertForged(log, at);
    renumber(log);
    return { log, place: at };
  },
  'inserts a forged one and hashes the rest anew': (log, { at }) => {
    insertForged(log, at);
    rechain(log, at);
    return { log, place: at };
  },
  'swaps two neighbours': (log, { at }) => {
    if (isLast(log, at)) return undefined;
    log.splice(index(at), 2, log[at], log[index(at)]);
    return { log, place: at };
  },
  'swaps two neighbours and their numbers': (log, { at }) => {
    if (isLast(log, at)) return undefined;
    log.splice(index(at), 2, log[at], log[index(at)]);
    renumber(log);
    return { log, place: at };
  },
  'swaps two neighbours and hashes the rest anew': (log, { at }) => {
    if (isLast(log, at)) return undefined;
    log.splice(index(at), 2, log[at], log[index(at)]);
    log[index(at)].prevhash = log[at].prevhash;
    rechain(log, at);
    return { log, place: at };
  },
  'gives a checkpoint the content of another': (log, { at, other }) => {
    const checkpoints = log.filter(({ type }) => type === checkpointType);
    const [to, from] = [checkpoints[at % checkpoints.length], checkpoints[other % checkpoints.length]];
    if (to === from) return undefined;
    to.data = structuredClone(from.data);
    rehash(to);
    return { log, place: Number(to.sequence) };
  },
  'signs a checkpoint with a key of its own': (log, { at, pick }) => {
    const checkpoints = log.filter(({ type }) => type === checkpointType);
    const checkpoint = checkpoints[at % checkpoints.length];
    const data = { ...checkpoint.data, kid: pick % 2 ? 'k1' : 'k2' };
    checkpoint.data = { ...data, signature: signCheckpoint(data, strangerKey) };
    rehash(checkpoint);
    return { log, place: Number(checkpoint.sequence) };
  },
  'cuts the head': (log, { at }) => (at === 1 ? undefined : { log: log.slice(index(at)), place: 1 }),
  'cuts the tail': (log, { at }) => ({ log: log.slice(0, index(at)), place: at }),
};
