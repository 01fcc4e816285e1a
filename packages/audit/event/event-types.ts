/** A part that records events; its name ends the `source` of its events. */
export type Part = 'users' | 'otp' | 'gateway';

export interface EventType {
  /** When it is recorded, in one sentence without its end. */
  when: string;
  /** The parts that may record it: an event of any other part is refused. */
  recordedBy: readonly Part[];
  outcomes: readonly ('success' | 'failure')[];
  /** What `data.reason` may say; `words` where a person wrote it. Null is left out: it is said by having none. */
  reasons: readonly string[] | 'words';
  /** Whether `subject`, the account, is always there, never, or only where one is known. */
  subject: 'always' | 'never' | 'where known';
}

const success = ['success'] as const;
const failure = ['failure'] as const;
const users = ['users'] as const;
const otp = ['otp'] as const;
const gateway = ['gateway'] as const;

/**
 * Every type of audit event. The schemas, the AsyncAPI document and the tables of docs/audit.md are held to it. Reasons may
 * be added, and are: consumers take those that they don't know as text.
 */
export const eventTypes = {
  'sallyport.user.signed_up': {
    when: 'an account was created; the first admin has the actor `operator`',
    recordedBy: users,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.user.locked': {
    when: 'an admin locked the account',
    recordedBy: users,
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.user.unlocked': {
    when: 'an admin ended all locks of the account',
    recordedBy: users,
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.user.roles_changed': {
    when: 'an admin, or the operator on the host, changed roles',
    recordedBy: users,
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.password.changed': {
    when: 'the password was changed by its owner',
    recordedBy: users,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.setup_started': {
    when: 'an enrolment was started; nothing is enabled yet',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.enabled': {
    when: 'an enrolment was confirmed',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.disabled': {
    when: 'the factor was removed with a code',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.verified': {
    when: 'a code of the app was accepted, wherever it was sent, save to confirm an enrolment',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.failed': {
    when: 'a code was looked at and refused',
    recordedBy: otp,
    outcomes: failure,
    reasons: ['wrong-code', 'wrong-recovery-code', 'secret-unusable', 'factor-changed'],
    subject: 'always',
  },
  'sallyport.otp.replayed': {
    when: 'a code was right and had been used before, or its challenge had spent one',
    recordedBy: otp,
    outcomes: failure,
    reasons: ['used-code', 'spent-challenge'],
    subject: 'always',
  },
  'sallyport.otp.locked': {
    when: 'the attempt that reached the limit; `count` is how many are wrong in a row',
    recordedBy: otp,
    outcomes: failure,
    reasons: ['too-many-attempts'],
    subject: 'always',
  },
  'sallyport.otp.reset': {
    when: 'the factor was removed without a code; the actor is the admin who approved it, or `operator`. A failure (`overtaken`): the owner had enrolled anew, and that factor stays',
    recordedBy: otp,
    outcomes: ['success', 'failure'],
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.recovery_code.used': {
    when: 'a recovery code was accepted',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.recovery_code.regenerated': {
    when: 'the recovery codes were replaced',
    recordedBy: otp,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.login.succeeded': {
    when: 'a session was issued; or its owner authenticated again',
    recordedBy: gateway,
    outcomes: success,
    reasons: ['reauthenticated'],
    subject: 'always',
  },
  'sallyport.login.failed': {
    when: 'a login came to nothing, or a password was wrong where it was asked again',
    recordedBy: gateway,
    outcomes: failure,
    reasons: [
      'unknown-account',
      'wrong-password',
      'account-locked',
      'wrong-code',
      'used-code',
      'spent-challenge',
      'no-factor',
      'overtaken',
    ],
    subject: 'where known',
  },
  'sallyport.login.challenged': {
    when: 'the password was right, and a challenge was given',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.login.blocked': {
    when: 'a call that brings a credential was refused before that was looked at',
    recordedBy: gateway,
    outcomes: failure,
    reasons: ['address-blocked', 'too-many-failures', 'too-many-signups', 'too-many-passwords', 'codes-locked'],
    subject: 'where known',
  },
  'sallyport.session.refreshed': {
    when: 'a refresh token was rotated',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.session.revoked': {
    when: 'a session ended before its time; what users records of it ended all of an account',
    recordedBy: ['users', 'gateway'],
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.session.reuse_detected': {
    when: 'an old refresh token was used a second time',
    recordedBy: gateway,
    outcomes: failure,
    reasons: [],
    subject: 'always',
  },
  'sallyport.otp.reset_requested': {
    when: "an admin, or `operator`, asked that an account's factor be removed",
    recordedBy: gateway,
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.device.added': {
    when: 'a complete login from an unknown device; `data.target` is the device',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.device.removed': {
    when: 'its owner removed it, or `displaced` by a newer one, or what ended sessions as well',
    recordedBy: gateway,
    outcomes: success,
    reasons: 'words',
    subject: 'always',
  },
  'sallyport.ip.blocked': {
    when: 'an admin blocked addresses; or an address or site reached its limit of failures, told once and without an actor',
    recordedBy: gateway,
    outcomes: success,
    reasons: 'words',
    subject: 'never',
  },
  'sallyport.ip.unblocked': {
    when: 'an admin lifted a block, or such a limit',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'never',
  },
  'sallyport.audit.checkpoint': {
    when: 'the log signs what it held: after 1,000 events or 10 s of activity',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'never',
  },
  'sallyport.audit.read': {
    when: 'somebody read the log, once a minute for each reader',
    recordedBy: gateway,
    outcomes: success,
    reasons: [],
    subject: 'always',
  },
  'sallyport.audit.erased': {
    when: 'personal data was taken out of earlier events: of the subject, or of all up to the event that `data.target` names',
    recordedBy: gateway,
    outcomes: success,
    reasons: ['erasure', 'retention'],
    subject: 'where known',
  },
} as const satisfies Record<string, EventType>;

export type AuditEventType = keyof typeof eventTypes;

export const eventTypeNames = Object.keys(eventTypes) as AuditEventType[];
