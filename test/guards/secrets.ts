import type { Guard } from './guard.ts';

/** Secrets stay put (promise 7). */
export const secrets: Guard[] = [
  {
    name: 'a secret opens for its own account alone',
    file: 'services/otp/domain/sealed.ts',
    find: 'canonical([...binding, keyId])',
    replace: 'canonical([binding[0], keyId])',
    test: { file: 'services/otp/domain/sealed.test.ts', name: 'opens for no other account, enrolment, kind or key' },
  },
  {
    name: 'a secret opens under the name of its key alone',
    file: 'services/otp/domain/sealed.ts',
    find: 'canonical([...binding, keyId])',
    replace: "canonical([...binding, keyId === '' ? '' : 'key'])",
    test: { file: 'services/otp/domain/sealed.test.ts', name: 'opens for no other account, enrolment, kind or key' },
  },
  {
    name: 'otp starts only with the keys that its rows name',
    file: 'services/otp/domain/check-keys.ts',
    find: 'used.filter(({ id }) => !ring.find(id))',
    replace: 'used.filter(({ id }) => id === undefined)',
    test: {
      file: 'services/otp/start-otp.test.ts',
      name: 'refuses a ring that lacks a key in use, or has other bytes under its id',
    },
  },
  {
    name: 'a key is as long as it must be',
    file: 'packages/config/key-ring.ts',
    find: 'if (!known.every((key) => fits(key.bytes)))',
    replace: 'if (known.length > 99)',
    test: {
      file: 'packages/config/read-config.test.ts',
      name: 'refuses rings with short, equal or malformed keys',
    },
  },
  {
    name: 'a key is in a ring once',
    file: 'packages/config/key-ring.ts',
    find: "if (new Set(known.map((key) => key.bytes.toString('hex'))).size < known.length) return 'holds a key twice';",
    replace: '',
    test: {
      file: 'packages/config/read-config.test.ts',
      name: 'refuses rings with short, equal or malformed keys',
    },
  },
  {
    name: 'no key leaves its ring while a row needs it',
    file: 'supervisor/manage-keys.ts',
    find: 'if (state.next === 3) await refuseWhileNeeded',
    replace: 'if (state.next === 4) await refuseWhileNeeded',
    test: {
      file: 'test/keys-command.test.ts',
      name: 'an encryption key stays while a row needs it, and goes when all are moved',
    },
  },
  {
    name: 'all keys of a ring read',
    file: 'packages/config/key-ring.ts',
    find: 'return this.keys.find((key) => key.id === id);',
    replace: 'return this.current.id === id ? this.current : undefined;',
    test: { file: 'test/key-rotation.test.ts', name: 'every ring is rotated under load without one refused login' },
  },
  {
    name: 'all secrets of a service verify',
    file: 'packages/http/service-token.ts',
    find: 'secrets.some((secret)',
    replace: 'secrets.slice(0, 1).some((secret)',
    test: { file: 'test/key-rotation.test.ts', name: 'every ring is rotated under load without one refused login' },
  },
  {
    name: 'no secret stands in two variables of a part',
    file: 'packages/config/keep-apart.ts',
    find: 'if (other < 0 || other >= at) continue;',
    replace: 'if (other < names.length) continue;',
    test: {
      file: 'gateway/config.test.ts',
      name: 'refuses one secret for both services, and says which variables, not which secret',
    },
  },
  {
    name: 'npm start gives no part a secret of another one',
    file: 'supervisor/check-environment.ts',
    find: '...findFaults(() => readConfig(AllSecrets, { ...users, ...otp, ...gateway })),',
    replace: '',
    test: {
      file: 'supervisor/check-environment.test.ts',
      name: 'gives no service a secret or key of another one',
    },
  },
  {
    name: 'a new ciphertext replaces the one that was opened, and no other',
    file: 'services/otp/store/sealed-rows.ts',
    find: '(old.key_id, old.nonce, old.ciphertext) = (key_was, nonce_was, ciphertext_was)',
    replace: 'key_was is not null',
    test: {
      file: 'services/otp/reencrypt.test.ts',
      name: 'never overwrites what changed after it was read, whoever changed it',
    },
  },
  {
    name: 're-encryption goes through every table',
    file: 'services/otp/store/sealed-rows.ts',
    find: ", recovery_set: 'set_id' } as const",
    replace: ' } as const',
    test: { file: 'services/otp/reencrypt.test.ts', name: 'goes through every table of otp that names keys' },
  },
  {
    name: 'nothing is encrypted anew under a key that otp does not write with',
    file: 'services/otp/domain/reencrypt.ts',
    find: 'if (known?.writes && ',
    replace: 'if (known && ',
    test: {
      file: 'services/otp/reencrypt.test.ts',
      name: 'refuses a ring that lacks a key, or begins with one that no otp has started with in front',
    },
  },
  {
    name: 're-encryption ends with 0 only where no row is on an old key',
    file: 'supervisor/reencrypt.ts',
    find: 'if (left === 0)',
    replace: 'if (left >= 0)',
    test: { file: 'test/reencrypt.test.ts', name: 'ends with 1 and names what can’t be opened, and never a secret' },
  },
  {
    name: 'secrets by their names never reach a log',
    file: 'packages/logger/index.ts',
    find: "  'password',\n",
    replace: '',
    test: { file: 'packages/logger/create-logger.test.ts', name: 'redacts every name of a secret, two levels deep' },
  },
  {
    name: 'a name that is no account’s is not written down',
    file: 'gateway/domain/log-in.ts',
    find: 'id === null ? null : { id, username: body.username }',
    replace: '{ id, username: body.username }',
    test: { file: 'test/audit-events.test.ts', name: 'a name that is no account is written nowhere' },
  },
];
