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

/** Forgets what is older than the operator wants it kept, and says so in the log. A step that fails holds up no other. */
export async function retain(options: {
  db: Db;
  source: EventSource;
  logger: Logger;
  retention: Retention;
  /** Whose cursors must have passed what is dropped. */
  consumers: readonly string[];
}): Promise<void> {
  const { db, logger, retention, consumers } = options;
  const { logDays, personalDays } = retention;
  const steps = {
    'the month': () => beginMonth(db),
    'personal data': () => (personalDays > 0 ? erasePersonal(db, options.source, personalDays) : undefined),
    release: () => (logDays > 0 ? releasePartitions(db, logDays, consumers) : undefined),
    drop: async () => {
      const dropped = await dropPartitions(db);
      if (dropped > 0) logger.info({ partitions: dropped }, 'old partitions of the audit log dropped');
    },
  };
  for (const [step, run] of Object.entries(steps)) {
    try {
      await run();
    } catch (err) {
      logger.warn({ err, step }, 'a step of audit retention failed: it is tried again later');
    }
  }
}

async function erasePersonal(db: Db, source: EventSource, days: number): Promise<void> {
  const upTo = await findAgedPersonal(db, days);
  if (upTo === undefined) return;
  const draft = auditErased({ upTo: String(upTo) }, { reason: 'retention' });
  await recordEvents(db, { collected: [], own: [createEvent(draft, systemContext(), source)] });
}
