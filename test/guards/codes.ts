import type { Guard } from './guard.ts';

const claim = 'services/otp/store/claim-code.ts';
const claimTest = 'services/otp/store/claim-code.test.ts';
const factorChanges = 'test/factor-changes.test.ts';

/** One code, one success (promise 1). */
export const codes: Guard[] = [
  {
    name: 'a step is claimed only past the last one',
    file: claim,
    find: 'and last_step < asked.step',
    replace: 'and asked.step is not null',
    test: { file: claimTest, name: 'claims a step once and never one before it, with no gate to help' },
  },
  {
    name: 'a challenge spends one step',
    file: claim,
    find: 'last_step < asked.step and last_challenge is distinct from asked.challenge',
    replace: 'last_step < asked.step',
    test: { file: claimTest, name: 'claims no second step on one challenge, and none for another version' },
  },
  {
    name: 'a step is claimed for the version it was reserved at',
    file: claim,
    find: 'and active and factor.version = asked.version\n      and last_step',
    replace: 'and active\n      and last_step',
    test: { file: claimTest, name: 'claims no second step on one challenge, and none for another version' },
  },
  {
    name: 'a recovery code is used once',
    file: claim,
    find: 'c.hash = held.hash and used_at is null',
    replace: 'c.hash = held.hash',
    test: { file: factorChanges, name: 'lets one recovery code in once out of fifty at once, and spends no other' },
  },
  {
    name: 'a step passes the gate in Redis once',
    file: 'services/otp/store/redis-gate.ts',
    find: "ttlSeconds, 'NX')",
    replace: 'ttlSeconds)',
    test: {
      file: 'services/otp/stored-secrets.test.ts',
      name: 'the gate refuses a step whatever Postgres says, and bears a key of the wrong type',
    },
  },
  {
    name: 'a step passes the gate in process once',
    file: 'services/otp/store/memory-gate.ts',
    find: 'if (entries.has(key)) return false;',
    replace: '',
    test: { file: 'services/otp/store/memory-gate.test.ts', name: 'lets a step through once until it lapses' },
  },
  {
    name: 'no code of a step outside the window',
    file: 'services/otp/domain/match-code.ts',
    find: 'step <= current + windowSteps',
    replace: 'step <= current + windowSteps + 1',
    test: { file: 'services/otp/domain/match-code.test.ts', name: 'accepts offsets within the window only' },
  },
  {
    name: 'the highest matching step is the one that is spent',
    file: 'services/otp/domain/match-code.ts',
    find: 'matched = step;',
    replace: 'matched ??= step;',
    test: {
      file: 'services/otp/domain/match-code.test.ts',
      name: 'takes the later of two steps of the window that have one code',
    },
  },
  {
    name: 'a code is six ASCII digits',
    file: 'gateway/schemas/inputs.ts',
    find: ".regex(/^[0-9]{6}$/, 'must be a string of exactly six digits')",
    replace: ".regex(/[0-9]{6}/, 'must be a string of exactly six digits')",
    test: {
      file: 'test/codes.test.ts',
      name: 'refuses whatever is not a string of six ASCII digits with 422, counts nothing and spends nothing',
    },
  },
  {
    name: 'a pending enrolment has five tries',
    file: 'services/otp/store/enrolments.ts',
    find: `attempts = attempts + 1
       where user_id = $1 and attempts < $2`,
    replace: `attempts = attempts + 1
       where user_id = $1 and $2::int is not null`,
    test: {
      file: 'services/otp/routes/enrolment.test.ts',
      name: 'gives a pending enrolment five tries, and none once it lapsed',
    },
  },
  {
    name: 'an enrolment is no way past an active factor',
    file: 'services/otp/store/enrolments.ts',
    find: 'where not exists (select from otp.factor where user_id = $1 and active)\n       on conflict',
    replace: 'where true\n       on conflict',
    test: {
      file: 'services/otp/routes/enrolment.test.ts',
      name: 'refuses setup and confirmation while a factor is active',
    },
  },
  {
    name: 'a clock that is wrong takes no codes',
    file: 'services/otp/domain/use-code.ts',
    find: 'context.clock.requireRight();',
    replace: '',
    test: { file: 'test/clocks.test.ts', name: 'more than 60 s from the database no part is ready' },
  },
  {
    name: 'a gate that is known to be away counts nothing',
    file: 'services/otp/domain/use-code.ts',
    find: 'context.gate.requireReady(userId);',
    replace: '',
    test: { file: 'test/redis-failing.test.ts', name: 'known to be away counts no attempt in otp' },
  },
  {
    name: 'a Redis that became a replica is left',
    file: 'packages/redis/connect-redis.ts',
    find: '/\\bREADONLY\\b/.test(error.message)',
    replace: "error.message === ''",
    test: { file: 'packages/redis/leave-replica.test.ts', name: 'leaves a server that became a replica' },
  },
];
