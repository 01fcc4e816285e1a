import type { Guard } from './guard.ts';

const reserve = 'services/otp/store/reserve-attempt.ts';
const claim = 'services/otp/store/claim-code.ts';
const claimTest = 'services/otp/store/claim-code.test.ts';
const lockEnd = 'services/otp/store/lock-end.ts';
const guessing = 'services/otp/routes/guessing.test.ts';
const passwords = 'test/guessing-passwords.test.ts';
const authquake = 'test/authquake.test.ts';
const codesFromEverywhere = 'challenges from 100 addresses at once no more than the limit are looked at';
const guessLimit = 'gateway/store/guess-limit.ts';

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
    find: 'accepted_at = greatest(lane.accepted_at, $5::bigint),',
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
    name: 'a challenge that was overtaken counts no guess',
    file: 'gateway/store/fence.ts',
    find: '(locked or epoch > $2 or factor_version > $3)',
    replace: '(locked or $2::bigint is null or factor_version > $3)',
    test: {
      file: 'test/guessing.test.ts',
      name: 'a challenge that a change of the password has ended counts no guess',
    },
  },
  {
    name: 'guesses in flight count',
    file: guessLimit,
    find: 'taken.wrong < limit && taken.wrong + taken.places <= limit',
    replace: 'taken.wrong < limit',
    test: {
      file: passwords,
      name: 'evaluates ten wrong passwords of an account from an address, also out of 40 at once',
    },
  },
  {
    name: 'a wrong password counts',
    file: 'gateway/domain/prove-password.ts',
    find: "if (answer.outcome === 'rejected') await",
    replace: "if (answer.outcome === 'rejected' && asker === undefined) await",
    test: {
      file: passwords,
      name: 'evaluates ten wrong passwords of an account from an address, also out of 40 at once',
    },
  },
  {
    name: 'a wrong guess that could not be counted keeps its place',
    file: guessLimit,
    find: 'if (!uncounted) places.leave',
    replace: 'places.leave',
    test: {
      file: 'gateway/store/guess-limit.test.ts',
      name: 'a wrong guess that could not be counted keeps its place',
    },
  },
  {
    name: 'signups of an address are counted before the name is looked at',
    file: 'gateway/domain/sign-up.ts',
    find: 'await countSignup(context, asker);',
    replace: 'await Promise.resolve<number | undefined>(countSignup === undefined ? 1 : undefined);',
    test: { file: passwords, name: 'counts signups of an address before it looks at the name' },
  },
  {
    name: 'signups of a /48 are counted',
    file: 'gateway/domain/sign-up.ts',
    find: 'own === undefined && site !== undefined ?',
    replace: 'own !== undefined && site !== undefined ?',
    test: { file: passwords, name: 'counts signups of an IPv6 address by its /64, and by its /48 at ten times' },
  },
  {
    name: 'an IPv6 address counts with its /64',
    file: 'gateway/edge/address.ts',
    find: 'network: prefix(address, 64)',
    replace: 'network: address.toString()',
    test: { file: 'gateway/edge/address.test.ts', name: 'counts IPv6 by its /64 and its /48' },
  },
  {
    name: 'an IPv4-mapped address is the IPv4 one',
    file: 'gateway/edge/address.ts',
    find: 'ipaddr.process(text)',
    replace: 'ipaddr.parse(text)',
    test: { file: 'gateway/edge/address.test.ts', name: 'counts IPv4 as it is, and its IPv6-mapped form as the same' },
  },
  {
    name: 'an address is limited after its failures',
    file: 'gateway/edge/pipeline.ts',
    find: 'if (retryAfterSeconds > 0) throw new Refusal(tooMany(context, { limit, retryAfterSeconds }));',
    replace: '',
    test: {
      file: passwords,
      name: 'limits an address after its failures, an IPv6 address with its /64, and a site at ten times as many',
    },
  },
  {
    name: 'nobody but a trusted proxy says where a call comes from',
    file: 'packages/http/new-app.ts',
    find: 'options.trustedProxies ?? false',
    replace: 'true',
    test: { file: passwords, name: 'believes X-Forwarded-For from nobody but a trusted proxy (CVE-2024-47070)' },
  },
  {
    name: 'compatibility forms of a name are one',
    file: 'packages/contracts/canonical-name.ts',
    find: 'const composed = normalForm(folded);\n    const next = composed && normalForm(composed.toUpperCase().toLowerCase());',
    replace: 'const next = folded.toUpperCase().toLowerCase();',
    test: {
      file: 'packages/contracts/canonical-name.test.ts',
      name: 'fullwidth letters, surrounding blanks and case do not make another name',
    },
  },
  {
    name: 'upper and lower case of a name are one',
    file: 'packages/contracts/canonical-name.ts',
    find: '.toUpperCase().toLowerCase()',
    replace: '',
    test: { file: 'packages/contracts/canonical-name.test.ts', name: 'upper and lower case are one name' },
  },
  {
    name: 'a name holds nothing invisible',
    file: 'packages/contracts/canonical-name.ts',
    find: 'name === undefined || forbidden.test(name)',
    replace: 'name === undefined',
    test: {
      file: 'packages/contracts/canonical-name.test.ts',
      name: 'what can not be seen has no place in a name',
    },
  },
  {
    name: 'no number of a try is given out twice',
    file: 'gateway/store/strangers.ts',
    find: "redis.call('HINCRBY', KEYS[1], 'withdrawn', 1)",
    replace: "redis.call('HINCRBY', KEYS[1], 'tries', -1)",
    test: {
      file: 'gateway/store/strangers.test.ts',
      name: 'no number is given out twice, so that a right try forgets no wrong one after it',
    },
  },
  {
    name: 'an invented device is no way past the limit of an address',
    file: 'gateway/edge/pipeline.ts',
    find: '!(await recogniseDevice(context, deviceTokenOf(context.publicUrl, req)))',
    replace: '(await recogniseDevice(context, undefined))',
    test: { file: 'test/devices.test.ts', name: 'a limited address is told so first, whatever it sends' },
  },
  {
    name: 'a limited address hears nothing of what is wrong with a refresh',
    file: 'gateway/edge/pipeline.ts',
    find: 'await limit(req, res, () => {});\n      throw faulty;',
    replace: 'throw faulty;',
    test: { file: 'test/devices.test.ts', name: 'a limited address is told so first, whatever it sends' },
  },
  {
    name: 'a limited address is told so before its challenge is looked at',
    file: 'gateway/domain/answer-challenge.ts',
    find: 'if (limited) return limited;',
    replace: '',
    test: { file: 'test/devices.test.ts', name: 'of invented challenges at once an address hears' },
  },
  {
    name: 'past the limit an IPv6 address is its /48',
    file: 'gateway/domain/prove-password.ts',
    find: '{ address, site = address }: Asker',
    replace: '{ address, address: site }: Asker',
    test: { file: 'test/devices.test.ts', name: 'past the limit the networks of one /48 are one stranger' },
  },
  {
    name: 'past a hundred wrong passwords strangers wait',
    file: 'gateway/store/strangers.ts',
    find: 'if wrong >= tonumber(ARGV[1]) then',
    replace: 'if false then',
    test: { file: 'test/devices.test.ts', name: 'past a hundred wrong passwords strangers have two tries a minute' },
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
    name: 'past a hundred wrong passwords strangers wait, on all gateways',
    file: 'gateway/store/strangers.ts',
    find: "if not redis.call('SET', pace, '1', 'NX', 'EX', ${paceSeconds})",
    replace: "if not redis.call('SET', pace, '1', 'EX', ${paceSeconds})",
    test: {
      file: authquake,
      name: 'of passwords guessed from 100 addresses at once no more than the limit are looked at',
    },
  },
  {
    name: 'lanes are locked before their wrong codes are told',
    file: claim,
    find: ' for update of lane',
    replace: '',
    test: { file: claimTest, name: 'tells one of two logins at once of a wrong code' },
  },
];
