// Makes the flag and the fence follow what happened, whoever was killed right after it happened. An event is only the
// reason to look, so their order doesn't matter: the service is asked how things stand now, and users applies a flag only
// if its factor version is higher, so that a projector which was stopped for long sets nothing back. Apply first, move
// the cursor after: in the other order a crash in between leaves the flag wrong for ever. While a service is away the
// cursor stays before the first event that wants it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceClient } from '@sallyport/http';
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
const graceMs = 1_000;

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
  let done = cursor;
  try {
    for (let at = 0; at < rows.length; at += atOnce) {
      const some = rows.slice(at, at + atOnce);
      const ends = await Promise.allSettled(some.map((row) => project(options, row)));
      for (const [n, end] of ends.entries()) {
        if (end.status === 'rejected') throw end.reason;
        done = some[n]?.sequence ?? done;
      }
    }
  } finally {
    if (done > cursor) await moveCursor(db, 'projector', cursor, done);
  }
  return rows.length === pageSize;
}

async function project(options: ProjectOptions, { type, subject, from_users }: Happening): Promise<void> {
  if (subject === null) return;
  if (factorTypes.has(type)) {
    const factor = await whenSettled(
      () => getFactor(options.otp, subject),
      ({ factor_version: factorVersion }) => isBehind(options.db, subject, { factorVersion }),
    );
    if (factor.factor_version === 0) return;
    await options.raiseFence(subject, { factorVersion: factor.factor_version });
    await applyFlag(options.users, { ...factor, id: subject });
  } else if (accountTypes.has(type) || from_users) {
    const account = await whenSettled(
      () => findAccount(options.users, subject),
      async (found) => found !== undefined && (await isBehind(options.db, subject, { epoch: found.epoch })),
    );
    if (account) await options.raiseFence(subject, { epoch: account.epoch, locked: account.locked }, account.roles);
  }
}

/**
 * How things stand; where that is ahead of the fence, a moment later. An older event may come while somebody changes the
 * account again: whoever does carries its own session over first, and only if it died is there anything left to do.
 */
async function whenSettled<State>(ask: () => Promise<State>, isAhead: (state: State) => Promise<boolean>) {
  const state = await ask();
  if (!(await isAhead(state))) return state;
  await sleep(graceMs);
  return ask();
}
