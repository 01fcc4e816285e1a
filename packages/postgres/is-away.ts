import pg from 'pg';

/**
 * Classes and codes that say "not now": connection, resources, shutdown, cancelled by a deadline, idle for too long in
 * a transaction, lock not available, serialization, read-only after a fail-over (PostgreSQL, appendix A).
 */
const notNow = /^(08|53|57|58|40|55P03|25006|25P03|XX000)/;

/** Those that say so of the whole server, or of the way to it: connection, shutdown, crash, start, read-only. */
const serverGone = /^(08|57P0[1-3]|25006)/;

/** Whether the error means that Postgres is away or can't serve now; an error in the statement itself is not one. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error;
  return notNow.test(error.code ?? '') || isStalePlan(error);
}

/** Whether other connections to the same server are in doubt as well. */
export function isServerGone(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error;
  return serverGone.test(error.code ?? '') || isStalePlan(error);
}

/** Whether a statement gave way to others that hold locks: it has changed nothing. */
export function gaveWay(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(55P03|40P01)/.test(error.code ?? '');
}

/**
 * Whether a prepared statement was refused because a migration has changed what it returns. It has not run, and is refused
 * for as long as its connection lives.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && /cached plan/.test(error.message);
}
