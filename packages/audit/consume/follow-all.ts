// Follows the whole log: each event has to be the one after the last, by number and by hash. What isn't, is resolved over
// HTTP, where the log itself is: what lies between is taken from there, and then the queue's event is either the one that
// the log has under that number, or no event of the log. So a message that was lost, altered or dead-lettered by the broker
// changes nothing of what is handled. A forgery that fits the last event by number and hash is handled: it is noticed, as
// damage, when a true event comes next. Without HTTP, or if the log contradicts itself or ends too early, it is damage.
import { noHash } from '../chain/hash-event.ts';
import { checkpointType } from '../chain/judge-checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { FollowContext, Followed, Follower } from './follow.ts';
import { type HttpLog, type Place, UnfitLog } from './http-log.ts';
import { isInLog } from './is-in-log.ts';

interface Last extends Place {
  sequence: number;
}

export function followAll(context: FollowContext): Follower {
  const { damaged, http } = context;
  let last: Last | undefined;
  let confirmed: string | undefined;

  async function follow(event: AuditEvent): Promise<Followed> {
    if (!last || !isNext(event, last)) last = await context.find();
    if (last && isNext(event, last)) return take(event);
    if (last && Number(event.sequence) <= last.sequence) return compare(event, last);
    if (http && !(await isInLog(http, event, damaged))) return 'not-in-the-log';
    if (last) await close(last, event);
    return take(event);
  }

  /** What was taken last is looked up once: all before it hangs on its hash, and events that come again come in runs. */
  async function compare(event: AuditEvent, taken: Last): Promise<Followed> {
    if (event.hash === taken.hash) return 'seen';
    const known = confirmed === taken.hash || (http && (await isInLog(http, taken, damaged)));
    if (known) confirmed = taken.hash;
    else if (http)
      damaged('what was taken is not in the log: a forged event was', { sequence: String(taken.sequence) });
    if (Number(event.sequence) < taken.sequence) return 'seen';
    if (!http) damaged('two events have one number, and there is no HTTP to tell which is true', gap(taken, event));
    return known ? 'not-in-the-log' : 'seen';
  }

  /** Takes what is missing before an event. */
  async function close(before: Last, event: AuditEvent): Promise<void> {
    if (!http) return damaged('events are missing, and there is no HTTP to fetch them', gap(before, event));
    await fill(http, before, Number(event.sequence) - 1);
    if (last && !isNext(event, last))
      damaged('the log over HTTP does not lead to an event of the queue', gap(last, event));
  }

  async function take(event: AuditEvent): Promise<Followed> {
    if (event.type === checkpointType && (await context.judgeCheckpoint(event)) === 'forged') return 'not-in-the-log';
    const sequence = Number(event.sequence);
    const taken = await context.take(event, sequence);
    last = { sequence, hash: event.hash };
    return taken ? 'taken' : 'seen';
  }

  async function fill(http: HttpLog, from: Last, to?: number): Promise<void> {
    let before = from;
    try {
      for await (const event of http.events({ after: from.sequence, ...(to === undefined ? {} : { to }) })) {
        // Retention drops the oldest events: a new consumer begins with the first one that is left, also between two pages.
        if (!isNext(event, before) && !(to === undefined && (await isFirst(http, event)))) {
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

async function isFirst(http: HttpLog, event: AuditEvent): Promise<boolean> {
  for await (const first of http.events({ after: 0 })) return first.hash === event.hash;
  return false;
}

function isNext(event: AuditEvent, last: Last): boolean {
  return Number(event.sequence) === last.sequence + 1 && event.prevhash === last.hash;
}

function gap(last: Last, event: AuditEvent) {
  return { last: String(last.sequence), next: event.sequence };
}
