// Follows the whole log: each event has to be the one after the last, by number and by hash. What isn't, is resolved over
// HTTP, where the log itself is: what lies between is taken from there, and then the queue's event is either the one that
// the log has under that number, or no event of the log. So a message that was lost, altered, forged or dead-lettered by
// the broker changes nothing of what is handled. Without HTTP, or if the log contradicts itself, it is damage.
import { noHash } from '../chain/hash-event.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { FollowContext, Followed, Follower } from './follow.ts';
import { type HttpLog, UnfitLog } from './http-log.ts';
import { checkpointType } from './judge-checkpoint.ts';

interface Place {
  sequence: number;
  hash: string;
}

export function followAll(context: FollowContext): Follower {
  const { damaged, http } = context;
  let last: Place | undefined;

  async function follow(event: AuditEvent): Promise<Followed> {
    if (!last || !isNext(event, last)) last = await context.find();
    if (!last || isNext(event, last)) return take(event);
    const sequence = Number(event.sequence);
    if (sequence > last.sequence) {
      if (http) await fill(http, last, sequence);
      else {
        damaged('events are missing, and there is no HTTP to fetch them', gap(last, event));
        return take(event);
      }
      if (sequence > last.sequence) return 'not-in-the-log';
    }
    return sequence === last.sequence && event.hash !== last.hash ? 'not-in-the-log' : 'seen';
  }

  async function take(event: AuditEvent): Promise<Followed> {
    if (event.type === checkpointType && (await context.judgeCheckpoint(event)) === 'forged') return 'not-in-the-log';
    const sequence = Number(event.sequence);
    const taken = await context.take(event, sequence);
    last = { sequence, hash: event.hash };
    return taken ? 'taken' : 'seen';
  }

  async function fill(http: HttpLog, from: Place, to?: number): Promise<void> {
    let before = from;
    try {
      for await (const event of http.events({ after: from.sequence, ...(to === undefined ? {} : { to }) })) {
        // Retention drops the oldest events: a new consumer begins with the first one that is left.
        if (!isNext(event, before) && before.sequence > 0) {
          damaged('the log over HTTP does not follow what was taken', gap(before, event));
        }
        await take(event);
        before = { sequence: Number(event.sequence), hash: event.hash };
      }
    } catch (error) {
      if (!(error instanceof UnfitLog)) throw error;
      damaged(error.message);
    }
  }

  return { follow, catchUp: (http) => fill(http, { sequence: 0, hash: noHash }) };
}

function isNext(event: AuditEvent, last: Place): boolean {
  return Number(event.sequence) === last.sequence + 1 && event.prevhash === last.hash;
}

function gap(last: Place, event: AuditEvent) {
  return { last: String(last.sequence), next: event.sequence };
}
