import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type EventType, eventTypeNames, eventTypes } from '../../event/event-types.ts';
import { createEvent } from '../create-event.ts';
import type { EventDraft } from '../event-draft.ts';
import * as gatewayEvents from './gateway-events.ts';
import * as otpEvents from './otp-events.ts';
import * as usersEvents from './users-events.ts';

const events = { ...usersEvents, ...otpEvents, ...gatewayEvents };
const account = { id: randomUUID(), username: 'ada' };
const admin = { type: 'account' as const, id: randomUUID() };
const operator = { type: 'operator' as const, id: null };
const order = { actor: admin, reason: 'left the company' };
const sessionId = randomUUID();
const request = { request_id: 'r1', ip: '192.0.2.1', user_agent: 'curl', session_id: null };

/** What each function says, in every way that it can: a reason that a type may give is given here. */
const drafts: Record<keyof typeof events, EventDraft[]> = {
  userSignedUp: [events.userSignedUp(account), events.userSignedUp(account, operator)],
  userLocked: [events.userLocked(account, order), events.userLocked(account, { actor: operator })],
  userUnlocked: [events.userUnlocked(account, order)],
  userRolesChanged: [events.userRolesChanged(account, order)],
  passwordChanged: [events.passwordChanged(account)],
  otpSetupStarted: [events.otpSetupStarted(account)],
  otpEnabled: [events.otpEnabled({ id: account.id })],
  otpDisabled: [events.otpDisabled(account)],
  otpVerified: [events.otpVerified(account)],
  otpFailed: eventTypes['sallyport.otp.failed'].reasons.map((reason) => events.otpFailed(account, reason)),
  otpReplayed: eventTypes['sallyport.otp.replayed'].reasons.map((reason) => events.otpReplayed(account, reason)),
  otpLocked: [events.otpLocked(account, 5)],
  otpReset: [events.otpReset(account, order)],
  otpResetOvertaken: [events.otpResetOvertaken(account, order)],
  recoveryCodeUsed: [events.recoveryCodeUsed(account)],
  recoveryCodeRegenerated: [events.recoveryCodeRegenerated(account)],
  loginSucceeded: [
    events.loginSucceeded(account, { amr: ['pwd', 'otp', 'mfa'], sessionId }),
    events.loginSucceeded(account, { amr: ['pwd'], reason: 'reauthenticated' }),
  ],
  loginFailed: eventTypes['sallyport.login.failed'].reasons.flatMap((reason) => [
    events.loginFailed(account, reason),
    events.loginFailed(null, reason),
  ]),
  loginChallenged: [events.loginChallenged(account)],
  loginBlocked: eventTypes['sallyport.login.blocked'].reasons.flatMap((reason) => [
    events.loginBlocked(account, reason),
    events.loginBlocked(null, reason),
  ]),
  sessionRefreshed: [events.sessionRefreshed(account, { sessionId, amr: ['pwd'] })],
  sessionRevoked: [
    events.sessionRevoked(account, { sessionId, reason: 'logout' }),
    events.sessionRevoked(account, order),
  ],
  sessionReuseDetected: [events.sessionReuseDetected(account, sessionId)],
  otpResetRequested: [events.otpResetRequested(account, order)],
  deviceAdded: [events.deviceAdded(account, randomUUID())],
  deviceRemoved: [events.deviceRemoved(account, randomUUID(), 'displaced')],
  ipBlocked: [events.ipBlocked(randomUUID(), order), events.ipBlocked(randomUUID(), { reason: 'too-many-failures' })],
  ipUnblocked: [events.ipUnblocked(randomUUID(), admin)],
  auditRead: [events.auditRead(account, sessionId)],
  auditErased: [
    events.auditErased({ subject: account.id }, { actor: operator, reason: 'erasure' }),
    events.auditErased({ upTo: '4711' }, { reason: 'retention' }),
  ],
};

test('every type has a function of its name, save the checkpoint, which is made where events get their numbers', () => {
  const camelCase = (type: string) =>
    type.replace('sallyport.', '').replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase());
  const names = eventTypeNames.filter((type) => type !== 'sallyport.audit.checkpoint').map(camelCase);
  assert.deepEqual(Object.keys(events).sort(), [...names, 'otpResetOvertaken'].sort());
});

test('every function says only what the schema of its type accepts', () => {
  for (const draft of Object.values(drafts).flat()) {
    const { data, ...event } = JSON.parse(createEvent(draft, request, { now: Date.now, randomBytes }).body);
    assert.deepEqual(
      [event.type, event.subject, data.outcome, data.reason, data.personal.username],
      [draft.type, draft.subject ?? undefined, draft.outcome, draft.reason ?? null, draft.username ?? null],
    );
  }
});

test('every outcome and every reason of the catalogue is said by a function', () => {
  const said = Object.values(drafts).flat();
  for (const [type, { outcomes, reasons }] of Object.entries(eventTypes) as [string, EventType][]) {
    const own = said.filter((draft) => draft.type === type);
    if (type === 'sallyport.audit.checkpoint') continue;
    for (const outcome of outcomes)
      assert.ok(
        own.some((draft) => draft.outcome === outcome),
        `${type}: ${outcome}`,
      );
    if (reasons === 'words') continue;
    assert.deepEqual([...new Set(own.flatMap(({ reason = [] }) => reason))].sort(), [...reasons].sort(), type);
  }
});
