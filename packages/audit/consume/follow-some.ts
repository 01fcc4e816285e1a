// Follows some types of events. Their numbers have gaps, so what is missing shows at the next checkpoint, which says how
// many of each type there were since the one before, and the digest of their hashes. Where that isn't what was taken, the
// log's events of that window are fetched over HTTP, held to the checkpoint, and those that were not taken are, late and
// in order. Up to the floor nothing is missing: it rises with each checkpoint.
import { sha256Hex } from '../chain/canonical.ts';
import { checkpointType } from '../chain/judge-checkpoint.ts';
import type { AuditEvent } from '../event/audit-event.ts';
import type { CheckpointData } from '../event/checkpoint-data.ts';
import { type FollowContext, type Followed, type Follower, markOf } from './follow.ts';
import { type HttpLog, type Range, UnfitLog } from './http-log.ts';
import { isInLog } from './is-in-log.ts';
import type { EventMark } from './stores/store.ts';

/** No checkpoint is farther from the one before than 1,000 events; so far above the last one nothing is believed unseen. */
const believedAhead = 2_000;

export function followSome(context: FollowContext, wanted: readonly string[]): Follower {
  const { damaged, http } = context;
  const types = [...new Set([...wanted, checkpointType])];
  let floor: number | undefined;

  async function follow(event: AuditEvent): Promise<Followed> {
    // A queue that was bound for more types before still gets those.
    if (!types.includes(event.type)) return 'seen';
    floor ??= (await context.find())?.floor;
    const isFarAhead = floor === undefined || Number(event.sequence) > floor + believedAhead;
    if (http && isFarAhead && !(await isInLog(http, event, damaged))) return 'not-in-the-log';
    return accept(event);
  }

  async function accept(event: AuditEvent): Promise<Followed> {
    floor ??= (await context.find())?.floor ?? Number(event.sequence) - 1;
    if (event.type === checkpointType) return settle(event, floor);
    return (await context.take(event, floor)) ? 'taken' : 'seen';
  }

  async function settle(event: AuditEvent, before: number): Promise<Followed> {
    floor = (await context.find())?.floor ?? before;
    if (Number(event.sequence) <= floor) return 'seen';
    const data = await context.judgeCheckpoint(event);
    if (data === 'forged') return 'not-in-the-log';
    if (data !== 'void') {
      const from = Number(data.from);
      if (from > floor + 1) floor = await closeEarlierWindows(from, floor);
      await closeWindow(data, floor);
      floor = Math.max(floor, Number(data.to));
    }
    return (await context.take(event, floor)) ? 'taken' : 'seen';
  }

  /** Checkpoints are missing as well, up to the one at `to`: each of them closes its own window. Returns the floor. */
  async function closeEarlierWindows(to: number, after: number): Promise<number> {
    if (http) await each(http, { after, to, types }, accept);
    else damaged('checkpoints are missing, and there is no HTTP to fetch them', { after, to });
    const reached = (await context.find())?.floor ?? after;
    if (http && reached < to - 1) damaged('the log no longer has what is missing', { after: reached, to });
    return reached;
  }

  async function closeWindow(data: CheckpointData, floor: number): Promise<void> {
    const [from, to] = [Number(data.from), Number(data.to)];
    // Of the window in which a consumer began, what came before it is not missing.
    const partial = from <= floor;
    const progress = await context.find();
    const seen = (progress?.seen ?? []).filter(({ sequence }) => sequence >= from && sequence <= to);
    if (vouches(data, seen, types)) return;
    if (!http && partial) return;
    if (!http) return damaged('events are missing, and there is no HTTP to fetch them', { from, to });
    const events: AuditEvent[] = [];
    await each(http, { after: from - 1, to, types }, async (event) => events.push(event));
    const marks = events.map(markOf);
    if (!partial && !vouches(data, marks, types)) {
      damaged('the log over HTTP is not what the checkpoint says', { from, to });
    }
    const forged = seen.filter(({ hash }) => !marks.some((mark) => mark.hash === hash));
    if (forged.length > 0) damaged('events were taken that are not in the log', { ids: forged.map(({ id }) => id) });
    for (const event of events) if (Number(event.sequence) > floor) await context.take(event, floor);
  }

  async function each(http: HttpLog, range: Range, take: (event: AuditEvent) => Promise<unknown>): Promise<void> {
    try {
      for await (const event of http.events(range)) await take(event);
    } catch (error) {
      if (!(error instanceof UnfitLog)) throw error;
      damaged(error.message);
    }
  }

  return { follow, catchUp: (http) => each(http, { after: 0, types }, accept) };
}

/** Whether the checkpoint says of each of these types what the marks are. */
function vouches(data: CheckpointData, marks: readonly EventMark[], types: readonly string[]): boolean {
  return types.every((type) => {
    const hashes = marks.filter((mark) => mark.type === type).map(({ hash }) => hash);
    const said = data.types[type];
    if (said === undefined) return hashes.length === 0;
    return said.count === hashes.length && said.digest === sha256Hex(hashes.join(''));
  });
}
