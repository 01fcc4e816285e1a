/** Why a consumer has stopped: what it was given isn't the log as it was written, and going on would hide that. */
export class AuditDamage extends Error {
  override name = 'AuditDamage';
}

/** Says that something is damaged: throws where a consumer stops at it, returns where it goes on. */
export type Damaged = (says: string, details?: Record<string, unknown>) => void;
