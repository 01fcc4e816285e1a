import type { RecordedEvent } from '@sallyport/contracts';
import type { Db, Queryable } from '@sallyport/postgres';
import type { AuditPipeline } from '../audit/start-pipeline.ts';

/** The events of one request: those that services recorded and handed over, then the gateway's own, in order. */
export interface EventBatch {
  collected: { source: 'users' | 'otp'; events: RecordedEvent[] }[];
  own: RecordedEvent[];
}

/** The only way to change state in the gateway: with its events, in one transaction (promise 4). */
export interface Changes {
  /** Runs `work`, then writes the batch as it is by then, in one transaction. */
  run<Result>(batch: EventBatch, work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Writes a batch where nothing else changes. */
  note(batch: EventBatch): Promise<void>;
}

export function createChanges(
  db: Db,
  audit: Pick<AuditPipeline, 'recordEvents' | 'nudge' | 'acknowledgeLater'>,
): Changes {
  function written(batch: EventBatch): void {
    audit.nudge();
    for (const { source, events } of batch.collected) {
      if (events.length > 0)
        audit.acknowledgeLater(
          source,
          events.map((event) => event.id),
        );
    }
  }
  return {
    async run(batch, work) {
      const result = await db.transaction(async (tx) => {
        const value = await work(tx);
        await audit.recordEvents(tx, batch);
        return value;
      });
      written(batch);
      return result;
    },
    async note(batch) {
      await audit.recordEvents(db, batch);
      written(batch);
    },
  };
}
