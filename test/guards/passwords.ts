import type { Guard } from './guard.ts';

const verify = 'services/users/domain/verify-password.ts';
const routesTest = 'services/users/test/routes.test.ts';
const racesTest = 'services/users/test/races.test.ts';

/** Passwords (promises 7 and 8). */
export const passwords: Guard[] = [
  {
    name: 'an unknown name costs a hash',
    file: verify,
    find: 'await hasher.spend(password, decoys.costFor(name), from);',
    replace: '',
    test: { file: routesTest, name: 'every attempt costs exactly one hash, whoever it is' },
  },
  {
    name: 'what an unknown name costs is drawn under a key that outlives peppers and restarts',
    file: 'services/users/domain/decoys.ts',
    find: 'const key = await findDecoyKey(db);',
    replace: 'const key = Buffer.from(String(performance.now()));',
    test: {
      file: 'services/users/domain/decoys.test.ts',
      name: 'a rotation of peppers changes the cost of no unknown name, at no step and on no instance',
    },
  },
  {
    name: 'no setting moves an unknown name to another cost',
    file: 'services/users/domain/decoys.ts',
    find: '.toSorted((a, b) => b.cost - a.cost)',
    replace: '',
    test: {
      file: 'services/users/domain/decoys.test.ts',
      name: 'costs are laid out by their size alone, and one that no account has yet moves no name',
    },
  },
  {
    name: 'a lock is looked at when the hash is done',
    file: verify,
    find: 'const fits = await hasher.verify(password, stored, from);',
    replace: 'const fits = account.locked || (await hasher.verify(password, stored, from));',
    test: { file: routesTest, name: 'every attempt costs exactly one hash, whoever it is' },
  },
  {
    name: 'a locked account lets nobody in',
    file: verify,
    find: "if (account.locked) return { outcome: 'rejected', reason: 'account-locked', account_id: account.id };",
    replace: '',
    test: { file: routesTest, name: 'wrong, unknown, unusable and locked are rejections with their reason' },
  },
  {
    name: 'a new hash replaces the one that was verified',
    file: 'services/users/store/replace-hash.ts',
    find: 'and password_hash = $2',
    replace: 'and $2::text is not null',
    test: { file: racesTest, name: 'a login in flight does not bring the old password back' },
  },
  {
    name: 'a password is changed at the epoch that was proved',
    file: 'services/users/store/update-password.ts',
    find: 'where id = $1 and epoch = $2 and',
    replace: 'where id = $1 and $2::bigint is not null and',
    test: { file: racesTest, name: 'a change that was hashing while another one happened does not happen' },
  },
  {
    name: 'a password is changed while nobody locked the account',
    file: 'services/users/store/update-password.ts',
    find: 'and locked_at is null',
    replace: '',
    test: { file: racesTest, name: 'a change that was hashing while the account was locked does not happen' },
  },
  {
    name: 'bcrypt never meets the password itself',
    file: 'services/users/hashing/password-hasher.ts',
    find: "return createHmac('sha384', pepper.bytes).update(form, 'utf8').digest('base64');",
    replace: "return pepper.id === '' ? '' : form;",
    test: {
      file: 'services/users/hashing/password-hasher.test.ts',
      name: 'bcrypt is given 64 characters of base64, whatever the password',
    },
  },
  {
    name: 'a password too long for any is not normalised',
    file: 'services/users/hashing/password-hasher.ts',
    find: 'normalForm(password) ?? password',
    replace: "password.normalize('NFKC')",
    test: {
      file: 'services/users/hashing/password-hasher.test.ts',
      name: 'a password of 16 KiB of marks is never normalised, and fits nothing',
    },
  },
  {
    name: 'no long run of combining marks is normalised',
    file: 'packages/contracts/normal-form.ts',
    find: 'text.length <= longest ?',
    replace: 'text.length <= 1_000 * longest ?',
    test: { file: 'packages/contracts/normal-form.test.ts', name: '16 KiB of combining marks are never normalised' },
  },
  {
    name: 'a hash fits under its own pepper alone',
    file: 'services/users/hashing/password-hasher.ts',
    find: 'const pepper = peppers.find(stored.pepperId);',
    replace: 'const pepper = peppers.current;',
    test: {
      file: 'services/users/hashing/password-hasher.test.ts',
      name: 'a hash names its pepper and cost, and fits under no other pepper',
    },
  },
  {
    name: 'common passwords are refused',
    file: 'services/users/domain/judge-password.ts',
    find: "return isCommonPassword(password) ? 'common' : undefined;",
    replace: "return isCommonPassword.length > 9 ? 'common' : undefined;",
    test: {
      file: 'services/users/domain/judge-password.test.ts',
      name: 'common passwords are refused in any case and compatibility form',
    },
  },
  {
    name: 'a password is no longer than 256',
    file: 'packages/contracts/credentials.ts',
    find: 'const longest = 256;',
    replace: 'const longest = 257;',
    test: { file: 'packages/contracts/credentials.test.ts', name: 'a password has at most 256 code points after NFKC' },
  },
  {
    name: 'the queue of hashes is bounded',
    file: 'services/users/hashing/hash-queue.ts',
    find: 'depth() >= limits.maxWaiting ||',
    replace: '',
    test: {
      file: 'services/users/hashing/hash-queue.test.ts',
      name: 'one runs, so many wait, and the next is refused at once',
    },
  },
  {
    name: 'addresses take turns at the hashes',
    file: 'services/users/hashing/hash-queue.ts',
    find: 'lines.delete(from);\n      const entry',
    replace: 'if (line.length === 1) lines.delete(from);\n      const entry',
    test: { file: 'services/users/hashing/hash-queue.test.ts', name: 'addresses take turns' },
  },
  {
    name: 'a hash takes its turn by the address of the request',
    file: 'services/users/domain/verify-password.ts',
    find: 'const from = turnOf(request);',
    replace: "const from = turnOf({ ...request, ip: '192.0.2.1' });",
    test: { file: 'services/users/test/overload.test.ts', name: 'an address that fills its place in the queue' },
  },
  {
    name: 'one address fills no queue',
    file: 'services/users/hashing/hash-queue.ts',
    find: '|| (lines.get(from)?.length ?? 0) >= limits.maxWaitingOfOne',
    replace: '',
    test: { file: 'services/users/hashing/hash-queue.test.ts', name: 'one address fills no queue' },
  },
  {
    name: 'what waits too long for a hash is refused at once',
    file: 'services/users/hashing/hash-queue.ts',
    find: '|| expectedWaitMs(from) > limits.maxExpectedMs',
    replace: '',
    test: {
      file: 'services/users/hashing/hash-queue.test.ts',
      name: 'a job whose expected wait is too long is refused at once',
    },
  },
  {
    name: 'only hashes of one cost are compared at once',
    file: 'services/users/hashing/hash-queue.ts',
    find: ' && one.cost === other.cost',
    replace: '',
    test: { file: 'services/users/hashing/hash-queue.test.ts', name: 'new hashes, and those of another cost' },
  },
  {
    name: 'a result that is missing is no yes',
    file: 'services/users/hashing/hash-queue.ts',
    find: 'if (result === undefined)',
    replace: 'if (false)',
    test: { file: 'services/users/hashing/hash-queue.test.ts', name: 'a result that is missing is no answer' },
  },
  {
    name: 'a lane says yes only to the stored hash',
    file: 'services/users/hashing/compare-in-lanes.mjs',
    find: 'timingSafeEqual(digest(state), parsed[lane].digest)',
    replace: 'digest(state).length === parsed[lane].digest.length',
    test: {
      file: 'services/users/hashing/compare-in-lanes.test.ts',
      name: 'takes the published vectors, and no input',
    },
  },
  {
    name: 'lanes take all the turns of a cost',
    file: 'services/users/hashing/compare-in-lanes.mjs',
    find: 'left > 0; left -= turnsOfACall',
    replace: 'left === 2 ** parsed[0].cost; left -= turnsOfACall',
    test: { file: 'services/users/hashing/compare-in-lanes.test.ts', name: 'at the costs of real hashes too' },
  },
  {
    name: 'a thread that can not have lanes is replaced by one without',
    file: 'services/users/hashing/open-hash-worker.ts',
    find: 'lanesToTry = undefined;',
    replace: '',
    test: { file: 'services/users/hashing/open-hash-worker.test.ts', name: 'where a thread does not start with lanes' },
  },
];
