/** Every type of audit event, by the part that records it. A part's event of another part's type is refused. */
export const auditEventTypes = {
  users: [
    'sallyport.user.signed_up',
    'sallyport.user.locked',
    'sallyport.user.unlocked',
    'sallyport.user.roles_changed',
    'sallyport.password.changed',
    'sallyport.session.revoked',
  ],
  otp: [
    'sallyport.otp.setup_started',
    'sallyport.otp.enabled',
    'sallyport.otp.disabled',
    'sallyport.otp.verified',
    'sallyport.otp.failed',
    'sallyport.otp.replayed',
    'sallyport.otp.locked',
    'sallyport.otp.reset',
    'sallyport.recovery_code.used',
    'sallyport.recovery_code.regenerated',
  ],
  gateway: [
    'sallyport.login.succeeded',
    'sallyport.login.failed',
    'sallyport.login.challenged',
    'sallyport.login.blocked',
    'sallyport.session.refreshed',
    'sallyport.session.revoked',
    'sallyport.session.reuse_detected',
    'sallyport.otp.reset_requested',
    'sallyport.device.added',
    'sallyport.device.removed',
    'sallyport.ip.blocked',
    'sallyport.ip.unblocked',
    'sallyport.audit.checkpoint',
    'sallyport.audit.read',
    'sallyport.audit.erased',
  ],
} as const;

export type AuditEventType = (typeof auditEventTypes)[keyof typeof auditEventTypes][number];
