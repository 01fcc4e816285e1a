// Makes the flag and the fence follow what happened, whoever was killed right after it happened. An event is only the
// reason to look, so their order doesn't matter: the service is asked how things stand now, and users applies a flag only
// if its factor version is higher, so that a projector which was stopped for long sets nothing back. Apply first, move
// the cursor after: in the other order a crash in between leaves the flag wrong for ever. While a service is away the
// cursor stays before the first event that wants it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { Queryable } from '@sallyport/postgres';
import { isBehind, type Known } from '../store/fence.ts';
import { applyFlag, findAccount, getFactor } from './follow-factor.ts';
import { getCursor, moveCursor } from './store/cursor.ts';
import { findHappenings, type Happening } from './store/log.ts';

/**
 * Raises an account's fence and ends what it overtook, and gives roles to what is left; lower values than the fence has
 * change nothing.
 */
export type RaiseFence = (userId: string, known: Known, roles?: readonly string[]) => Promise<void>;

export interface ProjectOptions {
  db: Queryable;
  users: Pick<ServiceClient, 'call'>;
  otp: Pick<ServiceClient, 'call'>;
  raiseFence: RaiseFence;
}

const pageSize = 500;
const atOnce = 8;
/** What somebody who has changed an account needs to carry his own session over. */
export const graceMs = 1_000;

const factorTypes = new Set(['sallyport.otp.enabled', 'sallyport.otp.disabled', 'sallyport.otp.reset']);
const accountTypes = new Set([
  'sallyport.password.changed',
  'sallyport.user.locked',
  'sallyport.user.unlocked',
  'sallyport.user.roles_changed',
]);

/** Whether an event of this type is a reason to look. */
export function isProjected(type: string): boolean {
  return factorTypes.has(type) || accountTypes.has(type);
}

/** Projects one page of the log. Returns whether there may be more. */
export async function projectPage(options: ProjectOptions): Promise<boolean> {
  const { db } = options;
  const cursor = await getCursor(db, 'projector');
  const rows = await findHappenings(db, cursor, pageSize);
  const waiting = new Set(rows.filter(isReason));
  const look = async (late: boolean) => {
    const left = [...waiting];
    for (let at = 0; at < left.length; at += atOnce) {
      const some = left.slice(at, at + atOnce);
      const ends = await Promise.allSettled(some.map((row) => project(options, row, late)));
      for (const [n, end] of ends.entries())
        if (end.status === 'fulfilled' && end.value) waiting.delete(some[n] as Reason);
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    }
  };
  try {
    await look(false);
    if (waiting.size > 0) await sleep(graceMs);
    await look(true);
  } finally {
    const [first] = waiting;
    const done = first ? first.sequence - 1 : (rows.at(-1)?.sequence ?? cursor);
    if (done > cursor) await moveCursor(db, 'projector', cursor, done);
  }
  return rows.length === pageSize;
}

type Reason = Happening & { subject: string };

function isReason(row: Happening): row is Reason {
  return row.subject !== null && (isProjected(row.type) || row.from_users);
}

/**
 * Has flag and fence follow an account. Where that is ahead of its fence, it is left for a moment, unless it is late by
 * now: an older event may come while somebody changes the account again. Whoever does carries its own session over first,
 * and only if it died is there anything left to do.
 * @returns false where it was left
 */
async function project(options: ProjectOptions, { type, subject }: Reason, late: boolean): Promise<boolean> {
  const { db, users, otp, raiseFence } = options;
  if (factorTypes.has(type)) {
    const factor = await getFactor(otp, subject);
    const known = { factorVersion: factor.factor_version };
    if (factor.factor_version === 0) return true;
    if (!late && (await isBehind(db, subject, known))) return false;
    await raiseFence(subject, known);
    await applyFlag(users, { ...factor, id: subject });
  } else {
    const account = await findAccount(users, subject);
    if (!account) return true;
    if (!late && (await isBehind(db, subject, { epoch: account.epoch }))) return false;
    await raiseFence(subject, { epoch: account.epoch, locked: account.locked }, account.roles);
  }
  return true;
}
