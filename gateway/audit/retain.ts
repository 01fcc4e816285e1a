import { auditErased, createEvent, type EventSource } from '@sallyport/audit/record';
import type { Logger } from '@sallyport/logger';
import type { Db } from '@sallyport/postgres';
import { recordEvents } from './store/outbox.ts';
import { beginMonth, dropPartitions, findAgedPersonal, releasePartitions } from './store/retention.ts';
import { systemContext } from './system-context.ts';

export interface Retention {
  /** Days for which the log is kept; 0: for ever. */
  logDays: number;
  /** Days for which personal data is; 0: as long as the log. */
  personalDays: number;
}

/** Forgets what is older than the operator wants it kept, and says so in the log. */
export async function retain(options: {
  db: Db;
  source: EventSource;
  logger: Logger;
  retention: Retention;
  /** Whose cursors must have passed what is dropped. */
  consumers: readonly string[];
}): Promise<void> {
  const { db, logger, retention } = options;
  await beginMonth(db);
  if (retention.personalDays > 0) await erasePersonal(db, options.source, retention.personalDays);
  if (retention.logDays > 0) await releasePartitions(db, retention.logDays, options.consumers);
  const dropped = await dropPartitions(db);
  if (dropped > 0) logger.info({ partitions: dropped }, 'old partitions of the audit log dropped');
}

async function erasePersonal(db: Db, source: EventSource, days: number): Promise<void> {
  const upTo = await findAgedPersonal(db, days);
  if (upTo === undefined) return;
  const draft = auditErased({ upTo: String(upTo) }, { reason: 'retention' });
  await recordEvents(db, { collected: [], own: [createEvent(draft, systemContext(), source)] });
}
