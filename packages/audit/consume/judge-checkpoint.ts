import type { AuditKeys } from '../chain/checkpoint.ts';
import { readCheckpoint } from '../chain/judge-checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { CheckpointData } from '../event/checkpoint-data.ts';
import type { Damaged } from './damage.ts';
import type { HttpLog } from './http-log.ts';
import { isInLog } from './is-in-log.ts';

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

  async function read(event: AuditEvent): Promise<CheckpointData | { fault: string }> {
    const number = Number(event.sequence);
    const unsigned = readCheckpoint(event, number);
    if ('outcome' in unsigned) return { fault: unsigned.says };
    const { data } = unsigned;
    if (data.head !== event.prevhash || Number(data.to) !== number - 1)
      return { fault: 'a checkpoint contradicts itself' };
    const signed = readCheckpoint(event, number, await keysFor(data.kid));
    return 'outcome' in signed ? { fault: signed.says } : data;
  }

  return async (event) => {
    const data = await read(event);
    if (!('fault' in data)) return data;
    if (http && !(await isInLog(http, event, damaged))) return 'forged';
    damaged(String(data.fault), { sequence: event.sequence });
    return 'void';
  };
}
