// Maps audit events to the Open Cybersecurity Schema Framework, version 1.8: Authentication (class 3002) and Account
// Change (class 3001), with the numbers of https://schema.ocsf.io. What is neither is not mapped: the log's own events
// (checkpoints, reads), address blocks, devices, sessions that were refreshed, and steps that lead to one of these.
import type { AuditEvent, AuditEventType } from '@sallyport/audit';

const authentication = { class_uid: 3002, class_name: 'Authentication' } as const;
const accountChange = { class_uid: 3001, class_name: 'Account Change' } as const;

const logon = { ...authentication, activity_id: 1, activity_name: 'Logon' } as const;
const logoff = { ...authentication, activity_id: 2, activity_name: 'Logoff' } as const;
const preauth = { ...authentication, activity_id: 6, activity_name: 'Preauth' } as const;
const changed = (activity_id: number, activity_name: string) => ({ ...accountChange, activity_id, activity_name });

const mapping: { [Type in AuditEventType]?: { class_uid: number; activity_id: number; activity_name: string } } = {
  'sallyport.login.succeeded': logon,
  'sallyport.login.failed': logon,
  'sallyport.login.blocked': logon,
  'sallyport.login.challenged': preauth,
  'sallyport.otp.verified': preauth,
  'sallyport.otp.failed': preauth,
  'sallyport.otp.replayed': preauth,
  'sallyport.recovery_code.used': preauth,
  'sallyport.session.revoked': logoff,
  'sallyport.user.signed_up': changed(1, 'Create'),
  'sallyport.password.changed': changed(3, 'Password Change'),
  'sallyport.user.locked': changed(9, 'Lock'),
  'sallyport.otp.locked': changed(9, 'Lock'),
  'sallyport.otp.enabled': changed(10, 'MFA Factor Enable'),
  'sallyport.otp.disabled': changed(11, 'MFA Factor Disable'),
  'sallyport.otp.reset': changed(11, 'MFA Factor Disable'),
  'sallyport.user.unlocked': changed(12, 'Unlock'),
  'sallyport.user.roles_changed': changed(99, 'Roles Changed'),
};

/** Informational, low, medium, high. What somebody should look at is more than what somebody mistyped. */
const severities: { [Type in AuditEventType]?: 1 | 2 | 3 | 4 } = {
  'sallyport.login.failed': 2,
  'sallyport.login.blocked': 2,
  'sallyport.otp.failed': 2,
  'sallyport.otp.locked': 3,
  'sallyport.otp.reset': 3,
  'sallyport.user.roles_changed': 3,
  'sallyport.otp.replayed': 4,
};
const severityNames = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High' } as const;

/** The OCSF event, or undefined for one that is not mapped. */
export function mapToOcsf(event: AuditEvent) {
  const mapped = mapping[event.type as AuditEventType];
  if (mapped === undefined) return undefined;
  const { data } = event;
  const { class_uid, activity_id } = mapped;
  const severity_id = severities[event.type as AuditEventType] ?? 1;
  // What failed there is the code; the lock itself took hold.
  const success = data.outcome === 'success' || event.type === 'sallyport.otp.locked';
  return {
    ...mapped,
    category_uid: 3,
    category_name: 'Identity & Access Management',
    type_uid: class_uid * 100 + activity_id,
    time: Date.parse(event.time),
    severity_id,
    severity: severityNames[severity_id],
    status_id: success ? 1 : 2,
    status: success ? 'Success' : 'Failure',
    ...present({ status_detail: data.reason, count: data.count }),
    user: userOf(event),
    ...(data.actor ? { actor: { user: data.actor.id ? { uid: data.actor.id } : { name: data.actor.type } } } : {}),
    ...(data.personal?.ip ? { src_endpoint: { ip: data.personal.ip } } : {}),
    ...(data.personal?.user_agent || data.request_id
      ? { http_request: present({ user_agent: data.personal?.user_agent, uid: data.request_id }) }
      : {}),
    ...(class_uid === authentication.class_uid ? authenticationOf(event) : {}),
    metadata: {
      version: '1.8.0',
      uid: event.id,
      event_code: event.type,
      sequence: Number(event.sequence),
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
    },
    unmapped: { hash: event.hash, prevhash: event.prevhash, source: event.source },
  };
}

function authenticationOf({ source, data }: AuditEvent) {
  return {
    service: { name: 'Sallyport', uid: source },
    auth_protocol_id: 99,
    auth_protocol: 'Password and one-time code',
    is_remote: true,
    ...(data.amr ? { is_mfa: data.amr.includes('mfa') } : {}),
    ...(data.session_id ? { session: { uid: data.session_id } } : {}),
  };
}

/** OCSF wants a user in every event, with a name or an id; a name that is no account's is in no event. */
function userOf({ subject, data }: AuditEvent) {
  const known = present({ uid: subject, name: data.personal?.username });
  return Object.keys(known).length > 0 ? known : { name: 'unknown' };
}

function present<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one != null)) as Partial<Value>;
}
