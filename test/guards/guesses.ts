import type { Guard } from './guard.ts';

const reserve = 'services/otp/store/reserve-attempt.ts';
const claim = 'services/otp/store/claim-code.ts';
const claimTest = 'services/otp/store/claim-code.test.ts';
const lockEnd = 'services/otp/store/lock-end.ts';
const guessing = 'services/otp/routes/guessing.test.ts';
const authquake = 'test/authquake.test.ts';
const codesFromEverywhere = 'challenges from 100 addresses at once no more than the limit are looked at';

/** Guesses are counted before they are checked (promise 3). */
export const guesses: Guard[] = [
  {
    name: 'an attempt is counted',
    file: reserve,
    find: 'attempts = lane.attempts + 1,',
    replace: 'attempts = lane.attempts,',
    test: { file: guessing, name: 'looks at exactly ten of thirty guesses at once at a fresh lane' },
  },
  {
    name: 'a locked lane looks at no code',
    file: reserve,
    find: 'where lane.locked_until is null or lane.locked_until <= clock_timestamp()',
    replace: 'where true',
    test: { file: guessing, name: 'answers a right code like a wrong one while locked' },
  },
  {
    name: 'a lane is one of many',
    file: 'services/otp/domain/use-code.ts',
    find: 'const { userId, lane, challenge, factorVersion, tell } = use;',
    replace: "const { userId, challenge, factorVersion, tell } = use;\n  const lane = 'strangers';",
    test: { file: guessing, name: 'gives TOTP and recovery codes one budget, and every lane its own' },
  },
  {
    name: 'an accepted code ends the row up to itself',
    file: claim,
    find: 'accepted_at = greatest(lane.accepted_at, claimed.attempt),',
    replace: 'accepted_at = lane.attempts,',
    test: { file: claimTest, name: 'forgets no guess that was reserved after the accepted one' },
  },
  {
    name: 'an accepted code keeps the lock that later guesses earned',
    file: claim,
    find: 'then lane.locked_until end,\n      told',
    replace: 'then null end,\n      told',
    test: { file: claimTest, name: 'keeps a lock where the guesses after the accepted one reach the limit alone' },
  },
  {
    name: 'a lock grows',
    file: lockEnd,
    find: '30 * power(2, least(',
    replace: '30 * power(1, least(',
    test: { file: guessing, name: 'locks for 30 s at the tenth, doubles up to an hour' },
  },
  {
    name: 'a hard lock has no end',
    file: lockEnd,
    find: "then 'infinity'::timestamptz",
    replace: "then clock_timestamp() + interval '1 hour'",
    test: { file: guessing, name: 'locks for 30 s at the tenth, doubles up to an hour' },
  },
  {
    name: 'a challenge has five tries (Redis)',
    file: 'gateway/store/challenges-in-redis.ts',
    find: "if tonumber(tries) <= 0 then return {'dead', ''} end",
    replace: '',
    test: { file: 'test/guessing.test.ts', name: 'kills a challenge after five wrong codes, in a row or at once' },
  },
  {
    name: 'a try of a challenge is given back where its lane is locked',
    file: 'gateway/domain/answer-challenge.ts',
    find: `if (second.outcome === 'locked') {
    await context.challenges.giveBackTry(hash);`,
    replace: "if (second.outcome === 'locked') {",
    test: {
      file: 'test/guessing.test.ts',
      name: 'answers right and wrong alike while locked, counts neither, prolongs nothing, gives the try back',
    },
  },
  {
    name: 'a challenge that the fence has overtaken counts no guess',
    file: 'gateway/store/devices.ts',
    find: 'row.locked || row.subject_epoch > epoch ||',
    replace: 'row.locked ||',
    test: { file: 'gateway/store/sessions.test.ts', name: 'what was proved before the fence rose is overtaken' },
  },
  {
    name: 'a session guesses in the lane of its device',
    file: 'gateway/domain/prove-code.ts',
    find: 'lane: asker.lane,',
    replace: "lane: 'strangers',",
    test: { file: authquake, name: codesFromEverywhere },
  },
  {
    name: 'a lock tells the seconds that are left of it',
    file: reserve,
    find: "interval '1 hour') - clock_timestamp()))::int",
    replace: "interval '1 hour') - clock_timestamp()))::int + 5",
    test: { file: authquake, name: codesFromEverywhere },
  },
  {
    name: 'lanes are locked before their wrong codes are told',
    file: claim,
    find: ' for update\n  ), lane',
    replace: '\n  ), lane',
    test: { file: claimTest, name: 'tells one of two logins at once of a wrong code' },
  },
  {
    name: 'no try given back revives a challenge',
    file: 'gateway/store/challenges-in-redis.ts',
    find: "if redis.call('HEXISTS', KEYS[1], 'challenge') == 1 then",
    replace: "if redis.call('EXISTS', KEYS[1]) == 1 then",
    test: { file: 'gateway/store/challenges.test.ts', name: 'knows an ended or expired challenge' },
  },
];
