import { createHash, createPrivateKey } from 'node:crypto';
import { type AuditEventType, type EventType, eventTypeNames, eventTypes, noHash } from '@sallyport/audit';
import { createEvent, type EventDraft } from '@sallyport/audit/record';
import { type Covered, createCheckpoint } from '../audit/create-checkpoint.ts';
import { numberPage, type Tail } from '../audit/number-page.ts';

const publicUrl = 'https://login.example.com';
const subject = '0b6f2a4e-5d0c-4c3e-9b41-6f1d2c7a8e90';
const admin = '4f9d1c52-7a6b-4e0f-8c2d-13b5a7e9f604';
const context = {
  request_id: '5e0c2f3a-8b1d-4c7e-a9f6-2d4b6c8e0a1f',
  ip: '203.0.113.7',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  session_id: 'c1a7e3d9-2b4f-4d6a-8e0c-9f5b7d1a3c2e',
};

/** An Ed25519 key (RFC 8410) that signs examples and nothing else: everybody has it. */
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]),
  format: 'der',
  type: 'pkcs8',
});

/** Each type of event as the code of the product makes it, chained as a log would be; the same at every call. */
export function createExamples(): Map<AuditEventType, string> {
  let counter = 0;
  const source = {
    now: () => Date.UTC(2026, 10, 24, 9, 30) + 1_000 * counter,
    randomBytes(count: number) {
      counter += 1;
      return createHash('sha512').update(`example ${counter}`).digest().subarray(0, count);
    },
  };
  const examples = new Map<AuditEventType, string>();
  const covered: Covered[] = [];
  let tail: Tail = { sequence: 0, hash: noHash };
  for (const type of eventTypeNames) {
    if (type === 'sallyport.audit.checkpoint') continue;
    const { recordedBy }: EventType = eventTypes[type];
    const recorded = createEvent(draftOf(type), context, source);
    const page = numberPage(tail, [{ source: recordedBy.at(-1) ?? 'gateway', ...recorded }], publicUrl);
    const [event] = page.events;
    if (!event?.personal) throw new Error(`no example of ${type}`);
    examples.set(type, event.body.replace('"personal":null', `"personal":${event.personal.text}`));
    covered.push(event);
    tail = page.tail;
  }
  const state = { logId: '9a3e5c7b-1d2f-4b6a-8c0e-7f9d1b3a5c2e', checkpoint: 0, first: 1, firstPrevhash: noHash };
  const checkpoint = createCheckpoint(state, tail, covered, { key: { id: 'a1', key }, source, publicUrl });
  examples.set('sallyport.audit.checkpoint', checkpoint.body);
  return examples;
}

function draftOf(type: AuditEventType): EventDraft {
  const { outcomes, reasons, subject: whose }: EventType = eventTypes[type];
  const [outcome] = outcomes;
  const known = reasons === 'words' ? (words[type] ?? 'asked for by its owner, ticket 4711') : reasons[0];
  return {
    type,
    outcome: outcome ?? 'success',
    subject: whose === 'never' ? null : subject,
    username: whose === 'never' ? undefined : 'ada@example.com',
    ...(known === undefined || type === 'sallyport.login.succeeded' ? {} : { reason: known }),
    ...further[type],
  };
}

const words: Partial<Record<AuditEventType, string>> = {
  'sallyport.session.revoked': 'logout',
  'sallyport.device.removed': 'displaced',
  'sallyport.ip.blocked': 'guesses of passwords',
};

const byAdmin = { actor: { type: 'account', id: admin } };
const device = { target: { type: 'device', id: 'e7c9a1b3-5d2f-4f8b-9a6c-3e1d7b5f9c20' } };
const block = { ...byAdmin, target: { type: 'ip_block', id: '2c4e6a8b-0d1f-4a3c-b5e7-9f8d6b4a2c10' } };

/** What a type says besides. */
const further: Partial<Record<AuditEventType, Partial<EventDraft>>> = {
  'sallyport.user.locked': byAdmin,
  'sallyport.user.unlocked': byAdmin,
  'sallyport.user.roles_changed': byAdmin,
  'sallyport.otp.locked': { count: 10 },
  'sallyport.otp.reset': byAdmin,
  'sallyport.otp.reset_requested': byAdmin,
  'sallyport.login.succeeded': { amr: ['pwd', 'otp', 'mfa'] },
  'sallyport.login.challenged': { amr: ['pwd'] },
  'sallyport.login.blocked': { subject: null, username: undefined, count: 140 },
  'sallyport.session.refreshed': { amr: ['pwd', 'otp', 'mfa'] },
  'sallyport.device.added': device,
  'sallyport.device.removed': device,
  'sallyport.ip.blocked': block,
  'sallyport.ip.unblocked': block,
  'sallyport.audit.erased': { username: undefined, actor: { type: 'operator', id: null } },
};
