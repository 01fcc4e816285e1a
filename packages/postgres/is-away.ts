import pg from 'pg';

/**
 * Classes and codes that say "not now": connection, resources, shutdown, cancelled by a deadline, idle for too long in
 * a transaction, lock not available, serialization, read-only after a fail-over (PostgreSQL, appendix A).
 */
const notNow = /^(08|53|57|58|40|55P03|25006|25P03|XX000)/;

/** Whether the error means that Postgres is away or can't serve now; an error in the statement itself is not one. */
export function isAway(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? notNow.test(error.code ?? '') : error instanceof Error;
}
