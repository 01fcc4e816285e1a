import type { Guard } from './guard.ts';

const passwords = 'test/guessing-passwords.test.ts';
const authquake = 'test/authquake.test.ts';
const guessLimit = 'gateway/store/guess-limit.ts';

/** Guesses at passwords: how many, by whom, and of which account. */
export const passwordGuesses: Guard[] = [
  {
    name: 'both counts of a key lie in one slot',
    file: guessLimit,
    find: 'return `{${key}}`;',
    replace: 'return key;',
    test: { file: 'test/redis-cluster.test.ts', name: 'no script has keys in two slots' },
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
    find: 'if (uncounted || left) return;',
    replace: 'if (left) return;',
    test: {
      file: 'gateway/store/guess-limit.test.ts',
      name: 'a wrong guess that could not be counted keeps its place',
    },
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
    name: 'past a hundred wrong passwords strangers wait, on all gateways',
    file: 'gateway/store/strangers.ts',
    find: "if not redis.call('SET', pace, '1', 'NX', 'EX', ${paceSeconds})",
    replace: "if not redis.call('SET', pace, '1', 'EX', ${paceSeconds})",
    test: {
      file: authquake,
      name: 'of passwords guessed from 100 addresses at once no more than the limit are looked at',
    },
  },
];
