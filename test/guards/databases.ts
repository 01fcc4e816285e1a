import type { Guard } from './guard.ts';

const connections = 'packages/postgres/connections.ts';
const db = 'packages/postgres/db.ts';
const failOver = 'packages/postgres/fail-over.test.ts';
const pooled = 'packages/postgres/pooled.test.ts';
const gathered = 'packages/postgres/gathered.ts';
const gatheredTest = 'packages/postgres/gathered.test.ts';
const fenced = 'gateway/store/sessions.test.ts';

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
  {
    name: 'a statement of many waits for no lock for long',
    file: 'packages/postgres/lock-patience.ts',
    find: 'items.length > 1 ?',
    replace: 'items.length > 1_000 ?',
    test: { file: fenced, name: 'an account whose fence is held keeps none waiting' },
  },
  {
    name: 'what gave way to a lock is asked for alone',
    file: gathered,
    find: '&& !gaveWay(error.cause)',
    replace: '',
    test: { file: fenced, name: 'an account whose fence is held keeps none waiting' },
  },
  {
    name: 'what failed with others is asked for alone',
    file: gathered,
    find: 'const all = asked.length === 1 ||',
    replace: 'const all = asked.length > 0 ||',
    test: { file: gatheredTest, name: 'where a statement fails of one item' },
  },
  {
    name: 'nothing is sent again where the database fails',
    file: gathered,
    find: '(error instanceof Unavailable && !gaveWay(error.cause))',
    replace: 'false',
    test: { file: gatheredTest, name: 'where the database fails all fail' },
  },
  {
    name: 'a flood of failures has one connection',
    file: gathered,
    find: 'batchScheduleFn: oneAtATime ? afterTheLast : atTurnsEnd',
    replace: 'batchScheduleFn: atTurnsEnd',
    test: { file: gatheredTest, name: 'one at a time: what comes while a statement is under way' },
  },
  {
    name: 'of one key one is under way at a time',
    file: gathered,
    find: 'await (keyOf ? inLine(keyOf(item), load) : load())',
    replace: 'await load()',
    test: { file: gatheredTest, name: 'of one key one is under way at a time' },
  },
  {
    name: 'one key does not fill the place of all',
    file: 'packages/postgres/in-line.ts',
    find: 'line.length >= mostInLine',
    replace: 'line.length >= 10 * mostInLine',
    test: { file: gatheredTest, name: 'no more than a thousand wait, and two hundred of one key' },
  },
];
