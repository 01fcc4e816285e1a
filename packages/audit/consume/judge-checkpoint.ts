import { type AuditKeys, judgeSignature } from '../chain/checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import { CheckpointData } from '../event/checkpoint-data.ts';
import type { Damaged } from './damage.ts';
import type { HttpLog } from './http-log.ts';

export const checkpointType = 'sallyport.audit.checkpoint';

/** What a checkpoint vouches for; `forged` if the log has none such; `void` if the log itself is damaged there. */
export type JudgeCheckpoint = (event: AuditEvent) => Promise<CheckpointData | 'forged' | 'void'>;

/**
 * Holds checkpoints to their own place in the log and, where there are keys, to their signature. Keys that were fetched
 * are fetched again for one that isn't among them, once for each.
 */
export function createCheckpointJudge(options: {
  pinned: AuditKeys | undefined;
  http: HttpLog | undefined;
  damaged: Damaged;
}): JudgeCheckpoint {
  const { pinned, http, damaged } = options;
  const askedFor = new Set<string>();
  let fetched: AuditKeys | undefined;

  async function keysFor(kid: string): Promise<AuditKeys | undefined> {
    if (pinned || !http) return pinned;
    if (!fetched?.keys.some((key) => key.kid === kid) && !askedFor.has(kid)) {
      askedFor.add(kid);
      fetched = await http.keys();
    }
    return fetched;
  }

  async function findFault(event: AuditEvent, data: CheckpointData | undefined): Promise<string | undefined> {
    if (data === undefined || data.head !== event.prevhash || Number(data.to) !== Number(event.sequence) - 1) {
      return 'a checkpoint contradicts itself';
    }
    const keys = await keysFor(data.kid);
    const signature = keys ? judgeSignature(data, keys) : 'valid';
    return signature === 'valid' ? undefined : `the signature of a checkpoint is not right: ${signature}`;
  }

  return async (event) => {
    const { data } = CheckpointData.loose().safeParse(event.data);
    const fault = await findFault(event, data);
    if (data && fault === undefined) return data;
    if (http && !(await isInLog(http, event))) return 'forged';
    damaged(fault ?? '', { sequence: event.sequence });
    return 'void';
  };
}

async function isInLog(http: HttpLog, { sequence, hash }: AuditEvent): Promise<boolean> {
  for await (const event of http.events({ after: Number(sequence) - 1, to: Number(sequence) })) {
    return event.hash === hash;
  }
  return false;
}
