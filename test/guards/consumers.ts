import type { Guard } from './guard.ts';

const kit = 'packages/audit/consume';

/** What a team that consumes events relies on (packages/audit/README.md). */
export const consumers: Guard[] = [
  {
    name: 'an event is held to its hash before a handler gets it',
    file: `${kit}/read-event.ts`,
    find: 'hashEvent(event) === event.hash && ',
    replace: '',
    test: { file: `${kit}/consume-audit.test.ts`, name: 'what was altered, goes to the dead letters' },
  },
  {
    name: 'an event that the log does not have is a forgery',
    file: `${kit}/follow-all.ts`,
    find: "if (http && !(await isInLog(http, event, damaged))) return 'not-in-the-log';",
    replace: '',
    test: { file: `${kit}/consume-audit.test.ts`, name: 'is not the one in the log is a forgery' },
  },
  {
    name: 'a consumer of some types holds what it took to the checkpoint',
    file: `${kit}/follow-some.ts`,
    find: 'if (vouches(data, seen, types)) return;',
    replace: 'return;',
    test: { file: `${kit}/consume-audit.test.ts`, name: 'a checkpoint shows what is missing' },
  },
  {
    name: 'two processes with one event make one effect',
    file: `${kit}/stores/postgres-store.ts`,
    find: 'if (sequence <= Number(locked.rows[0]?.floor)) return false;',
    replace: '',
    test: { file: `${kit}/exactly-once.test.ts`, name: 'and the one that takes over, make one effect' },
  },
  {
    name: 'an outage of the store gives no event up',
    file: `${kit}/take-event.ts`,
    find: 'if (ofHandler) failed += 1;',
    replace: 'failed += 1;',
    test: { file: `${kit}/take-event.test.ts`, name: 'a store that is away is waited for beyond all tries' },
  },
];
