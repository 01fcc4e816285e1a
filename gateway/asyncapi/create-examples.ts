import { createHash, createPrivateKey } from 'node:crypto';
import { type AuditEventType, type EventType, eventTypes, noHash } from '@sallyport/audit/log';
import * as record from '@sallyport/audit/record';
import { createCheckpoint, createTypeCounts } from '../audit/create-checkpoint.ts';
import { numberPage, type Tail } from '../audit/number-page.ts';

const publicUrl = 'https://login.example.com';
const context = {
  request_id: '5e0c2f3a-8b1d-4c7e-a9f6-2d4b6c8e0a1f',
  ip: '203.0.113.7',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  session_id: 'c1a7e3d9-2b4f-4d6a-8e0c-9f5b7d1a3c2e',
};
const ada = { id: '0b6f2a4e-5d0c-4c3e-9b41-6f1d2c7a8e90', username: 'ada@example.com' };
const admin = { type: 'account', id: '4f9d1c52-7a6b-4e0f-8c2d-13b5a7e9f604' } as const;
const order = { actor: admin, reason: 'lost her phone, ticket 4711' };
const session = { sessionId: context.session_id, amr: ['pwd', 'otp', 'mfa'] };
const device = 'e7c9a1b3-5d2f-4f8b-9a6c-3e1d7b5f9c20';
const block = '2c4e6a8b-0d1f-4a3c-b5e7-9f8d6b4a2c10';

const drafts: record.EventDraft[] = [
  record.userSignedUp(ada),
  record.userLocked(ada, order),
  record.userUnlocked(ada, order),
  record.userRolesChanged(ada, { actor: admin, reason: 'joins the auditors' }),
  record.passwordChanged(ada),
  record.otpSetupStarted(ada),
  record.otpEnabled(ada),
  record.otpDisabled(ada),
  record.otpVerified(ada),
  record.otpFailed(ada, 'wrong-code'),
  record.otpReplayed(ada, 'used-code'),
  record.otpLocked(ada, 10),
  record.otpReset(ada, order),
  record.recoveryCodeUsed(ada),
  record.recoveryCodeRegenerated(ada),
  record.loginSucceeded(ada, session),
  record.loginFailed(null, 'unknown-account'),
  record.loginChallenged(ada),
  { ...record.loginBlocked(null, 'too-many-failures'), count: 140 },
  record.sessionRefreshed(ada, session),
  record.sessionRevoked(ada, { ...session, reason: 'logout' }),
  record.sessionReuseDetected(ada, session.sessionId),
  record.otpResetRequested(ada, order),
  record.deviceAdded(ada, device),
  record.deviceRemoved(ada, device, 'displaced'),
  record.ipBlocked(block, { actor: admin, reason: 'guesses of passwords' }),
  record.ipUnblocked(block, admin),
  record.auditRead(ada, session.sessionId),
  record.auditErased({ subject: ada.id }, { actor: { type: 'operator', id: null }, reason: 'erasure' }),
];

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
  const types = createTypeCounts();
  let tail: Tail = { sequence: 0, hash: noHash };
  for (const draft of drafts) {
    const { recordedBy }: EventType = eventTypes[draft.type];
    const row = { source: recordedBy.at(-1) ?? 'gateway', ...record.createEvent(draft, context, source) };
    const page = numberPage(tail, [row], publicUrl);
    const [event] = page.events;
    if (!event?.personal) throw new Error(`no example of ${draft.type}`);
    examples.set(draft.type, event.body.replace('"personal":null', `"personal":${event.personal.text}`));
    types.add([event]);
    tail = page.tail;
  }
  const state = { logId: '9a3e5c7b-1d2f-4b6a-8c0e-7f9d1b3a5c2e', checkpoint: 0, first: 1, firstPrevhash: noHash };
  const checkpoint = createCheckpoint(state, tail, types.end(), { key: { id: 'a1', key }, source, publicUrl });
  return examples.set(checkpoint.type as AuditEventType, checkpoint.body);
}
