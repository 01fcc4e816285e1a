// A log as the gateway would write it: events of random types and people, checkpoints, erasures; it ends with a checkpoint.
import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { eventTypeNames } from '../../event/event-types.ts';
import { signCheckpoint } from '../checkpoint.ts';
import { hashEvent, hashPersonal, noHash } from '../hash-event.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests change whatever an event holds
export type TestEvent = any;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
export const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] };

export const checkpointType = 'sallyport.audit.checkpoint';
const erasedType = 'sallyport.audit.erased';
const logId = '7b2f4c1e-3d77-4b0a-9a55-0f6f0f1f2a3b';
const time = '2026-01-02T03:04:05.678Z';
const people = [1, 2, 3, 4].map((n) => `f47ac10b-58cc-4372-a567-0e02b2c3d47${n}`);
const plainTypes = eventTypeNames.filter((type) => ![checkpointType, erasedType].includes(type));

export type Step =
  | { does: 'record'; type: string; subject: string | null; actor: string | null; word: string }
  | { does: 'checkpoint' }
  | { does: 'erase'; subject: string }
  | { does: 'retain'; back: number };

const person = fc.option(fc.constantFrom(...people));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      does: fc.constant('record' as const),
      type: fc.constantFrom(...plainTypes.slice(0, 6)),
      subject: person,
      actor: person,
      word: fc.string({ unit: 'grapheme', maxLength: 8 }),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ does: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('erase' as const), subject: fc.constantFrom(...people) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('retain' as const), back: fc.nat(400) }) },
);

export const steps = (minLength: number, maxLength: number) => fc.array(step, { minLength, maxLength });

export function createLog(made: readonly Step[]): TestEvent[] {
  const log: TestEvent[] = [];
  for (const one of made) perform(log, one);
  addCheckpoint(log);
  return log;
}

function perform(log: TestEvent[], made: Step): void {
  if (made.does === 'record') append(log, createEvent(log.length + 1, made));
  if (made.does === 'checkpoint') addCheckpoint(log);
  if (made.does === 'erase') {
    for (const event of log) if (concerns(event, made.subject)) event.data.personal = null;
    append(log, erased(log, 'erasure', made.subject, { type: 'account', id: made.subject }));
  }
  if (made.does === 'retain' && log.length > made.back) {
    const limit = log.length - made.back;
    for (const event of log.slice(0, limit)) event.data.personal = null;
    append(log, erased(log, 'retention', null, { type: 'audit_event', id: String(limit) }));
  }
}

function erased(log: TestEvent[], reason: string, subject: string | null, target: object): TestEvent {
  const event = createEvent(log.length + 1, { type: erasedType, subject, actor: null, word: '' });
  Object.assign(event.data, { reason, target });
  return event;
}

function concerns(event: TestEvent, subject: string): boolean {
  return event.subject === subject || (event.data.actor?.type === 'account' && event.data.actor.id === subject);
}

/** Whether an erasure that comes later explains why personal data is gone. */
export function isCovered(log: TestEvent[], number: number): boolean {
  const event = log[number - 1];
  return log.slice(number).some(({ type, subject, data }) => {
    if (type !== erasedType) return false;
    return data.reason === 'erasure' ? concerns(event, subject) : Number(data.target.id) >= number;
  });
}

interface Recorded {
  type: string;
  subject: string | null;
  actor: string | null;
  word: string;
}

export function createEvent(number: number, { type, subject, actor, word }: Recorded): TestEvent {
  const personal = { salt: sha256(`salt ${number}`), ip: '192.0.2.7', user_agent: word, username: null };
  return {
    specversion: '1.0',
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    source: 'https://login.example.com/gateway',
    type,
    ...(subject === null ? {} : { subject }),
    time,
    datacontenttype: 'application/json',
    dataschema: 'urn:sallyport:schema:audit-event:1',
    data: {
      outcome: 'success',
      reason: null,
      actor: actor === null ? { type: 'operator', id: null } : { type: 'account', id: actor },
      target: null,
      client: null,
      session_id: null,
      request_id: 'r1',
      amr: ['pwd', 'otp'],
      count: 1,
      personal_hash: hashPersonal(personal),
      personal,
    },
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Numbers, chains and appends an event. */
function append(log: TestEvent[], event: TestEvent): void {
  event.sequence = String(Number(log.at(-1)?.sequence ?? 0) + 1);
  event.prevhash = log.at(-1)?.hash ?? noHash;
  event.hash = hashEvent(event);
  log.push(event);
}

/** @param first what the log keeps from */
export function addCheckpoint(log: TestEvent[], first = 1): void {
  if (log.length === 0) return;
  const from = log.findLastIndex(({ type }) => type === checkpointType);
  const covered = log.slice(Math.max(from, 0));
  const digests = [...Map.groupBy(covered, ({ type }) => type as string)].map(([type, events]) => [
    type,
    { count: events.length, digest: sha256(events.map(({ hash }) => hash).join('')) },
  ]);
  const event = createEvent(log.length + 1, { type: checkpointType, subject: null, actor: null, word: '' });
  const data = {
    ...event.data,
    personal_hash: null,
    personal: null,
    log_id: logId,
    from: covered[0].sequence,
    to: log.at(-1).sequence,
    head: log.at(-1).hash,
    time,
    types: Object.fromEntries(digests),
    first: String(first),
    first_prevhash: log[first - 2]?.hash ?? noHash,
    kid: 'k1',
  };
  append(log, { ...event, data: { ...data, signature: signCheckpoint(data, privateKey) } });
}
