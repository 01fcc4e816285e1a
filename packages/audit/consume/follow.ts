import type { AuditEvent } from '../event/audit-event.ts';
import type { Damaged } from './damage.ts';
import type { HttpLog } from './http-log.ts';
import type { JudgeCheckpoint } from './judge-checkpoint.ts';
import type { EventMark, Progress } from './stores/store.ts';

/** What became of an event: `seen` was taken before; what isn't in the log is a forgery. */
export type Followed = 'taken' | 'seen' | 'not-in-the-log';

export interface Follower {
  /** Takes an event that the queue gave, after whatever is missing before it. */
  follow(event: AuditEvent): Promise<Followed>;
  /** Takes all that the log has so far, from its beginning. */
  catchUp(http: HttpLog): Promise<void>;
}

export interface FollowContext {
  find(): Promise<Progress | undefined>;
  /** Has the event handled and marked, with the new floor; false if it was taken before. */
  take(event: AuditEvent, floor: number): Promise<boolean>;
  http: HttpLog | undefined;
  judgeCheckpoint: JudgeCheckpoint;
  damaged: Damaged;
}

export function markOf(event: AuditEvent): EventMark {
  return { id: event.id, sequence: Number(event.sequence), type: event.type, hash: event.hash };
}
