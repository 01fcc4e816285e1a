import type { Db, Queryable } from '@sallyport/postgres';
import type { AuditPipeline } from '../audit/start-pipeline.ts';
import { createRecording, type EventBatch, type Recording, recordEvents } from '../audit/store/outbox.ts';

/** The only way to change state in the gateway: with its events, in one transaction (promise 4). */
export interface Changes {
  /** Runs `work`, then writes the batch as it is by then, in one transaction. */
  run<Result>(batch: EventBatch, work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Has one statement change state and record the batch, both or neither; undefined where nothing was changed. */
  atOnce<Result>(
    batch: EventBatch,
    work: (db: Queryable, recording: Recording) => Promise<Result | undefined>,
  ): Promise<Result | undefined>;
  /** Writes a batch where nothing else changes. */
  note(batch: EventBatch): Promise<void>;
}

/** Without `audit` events wait until the pipeline looks by itself, soon. */
export function createChanges(db: Db, audit?: Pick<AuditPipeline, 'nudge' | 'acknowledgeLater'>): Changes {
  function written(batch: EventBatch): void {
    if (audit === undefined) return;
    audit.nudge();
    for (const { source, events } of batch.collected) {
      const ids = events.map((event) => event.id);
      if (ids.length > 0) audit.acknowledgeLater(source, ids);
    }
  }
  return {
    async run(batch, work) {
      const result = await db.transaction(async (tx) => {
        const value = await work(tx);
        await recordEvents(tx, batch);
        return value;
      });
      written(batch);
      return result;
    },
    async atOnce(batch, work) {
      const result = await work(db, createRecording(batch));
      if (result !== undefined) written(batch);
      return result;
    },
    async note(batch) {
      await recordEvents(db, batch);
      written(batch);
    },
  };
}
