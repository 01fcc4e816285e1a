import type { Guard } from './guard.ts';

const connections = 'packages/postgres/connections.ts';
const db = 'packages/postgres/db.ts';
const failOver = 'packages/postgres/fail-over.test.ts';
const pooled = 'packages/postgres/pooled.test.ts';

/** What keeps PostgreSQL's promises where a pooler, or another primary, comes in between. */
export const databases: readonly Guard[] = [
  {
    name: 'behind a pooler no statement is prepared under a name',
    file: db,
    find: 'target.prepare ?? !on.pooled',
    replace: 'target.prepare ?? true',
    test: { file: pooled, name: 'statements get the answers of their own texts' },
  },
  {
    name: 'behind a pooler each transaction sets its deadlines',
    file: db,
    find: "connection.pooled ? begin : 'begin'",
    replace: "'begin'",
    test: { file: pooled, name: 'loses its locks at the deadline' },
  },
  {
    name: 'connections to a server that is gone are closed, not lent',
    file: connections,
    find: 'if (client.generation === generation) return client;',
    replace: 'return client;',
    test: { file: failOver, name: 'behind one address that moves silently' },
  },
  {
    name: 'a server of an earlier timeline is never taken again',
    file: 'packages/postgres/find-primary.ts',
    find: 'timeline < since ?',
    replace: 'timeline < 0 ?',
    test: { file: failOver, name: 'is not taken again when it comes back' },
  },
];
