import { foldOf } from '@sallyport/audit/record';
import { type Db, gathered, type Queryable } from '@sallyport/postgres';
import type { AuditPipeline } from '../audit/start-pipeline.ts';
import { type Failure, recordFailures } from '../audit/store/folds.ts';
import {
  createRecording,
  type EventBatch,
  type Recording,
  recordEvents,
  recordOwnEvents,
} from '../audit/store/outbox.ts';
import { siteOf } from '../network.ts';

/** The only way to change state in the gateway: with its events, in one transaction (promise 4). */
export interface Changes {
  /** Runs `work`, then writes the batch as it is by then, in one transaction. */
  run<Result>(batch: EventBatch, work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Has one statement change state and record the batch, both or neither; undefined where nothing was changed. */
  atOnce<Result>(
    batch: EventBatch,
    work: (db: Queryable, recording: Recording) => Promise<Result | undefined>,
  ): Promise<Result | undefined>;
  /** Writes a batch where nothing else changes: failures of the gateway's own together with those of others, and floods folded. */
  note(batch: EventBatch): Promise<void>;
}

/** Without `audit` events wait until the pipeline looks by itself, soon. */
export function createChanges(db: Db, audit?: Pick<AuditPipeline, 'nudge' | 'acknowledgeLater'>): Changes {
  // One for each type: a flood of refusals keeps nobody's wrong password from being recorded.
  const writers = new Map<string, (db: Queryable, failure: Failure) => Promise<undefined>>();
  function recordFailure(failure: Failure): Promise<undefined> {
    const write = writers.get(failure.type) ?? gathered(recordFailures, { oneAtATime: true });
    writers.set(failure.type, write);
    return write(db, failure);
  }

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
      const failures = asFailures(batch);
      if (failures) await Promise.all(failures.map(recordFailure));
      else if (batch.collected.length > 0) await recordEvents(db, batch);
      else if (batch.own.length > 0) await recordOwnEvents(db, batch.own);
      written(batch);
    },
  };
}

/** A batch of nothing but failures that may be folded; what services recorded is never folded. */
function asFailures({ collected, own }: EventBatch): Failure[] | undefined {
  if (own.length === 0 || collected.length > 0) return undefined;
  const failures = own.flatMap((event) => {
    const fold = foldOf(event, siteOf);
    return fold ? [{ ...event, ...fold }] : [];
  });
  return failures.length === own.length ? failures : undefined;
}
