import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '@sallyport/config';
import { checkEnvironment } from './check-environment.ts';

describe('the environment of npm start', () => {
  it('needs nothing', () => {
    assert.equal(checkEnvironment({}).ports.gateway, 8080);
  });

  it('is judged as a whole: the faults of all parts in one message, each variable once', () => {
    const env = { GATEWAY_PORT: 'http', LOG_LEVEL: 'loud', BCRYPT_COST: '99', OTP_WINDOW: '11', SIGNUP: 'maybe' };
    const named = [...faultOf(env).matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    assert.deepEqual(named.sort(), Object.keys(env).sort());
  });

  it('gives no service a secret or key of another one', () => {
    const [one, two] = ['1'.repeat(32), '2'.repeat(32)];
    const ring = `k1:${Buffer.from(one).toString('base64')}`;
    const faults: [NodeJS.ProcessEnv, RegExp][] = [
      [
        { SERVICE_SECRETS: one },
        /^ {2}SERVICE_SECRETS: users and otp need one each: set USERS_SERVICE_SECRETS and OTP/m,
      ],
      [
        { USERS_SERVICE_SECRETS: `${one},${two}`, OTP_SERVICE_SECRETS: two },
        /^ {2}OTP_SERVICE_SECRETS: shares a secret with USERS_SERVICE_SECRETS$/m,
      ],
      [
        { PASSWORD_PEPPERS: ring, OTP_ENCRYPTION_KEYS: ring },
        /^ {2}OTP_ENCRYPTION_KEYS: shares a secret with PASSWORD_PEPPERS$/m,
      ],
      [
        { PASSWORD_PEPPERS: ring, OTP_SERVICE_SECRETS: one },
        /^ {2}OTP_SERVICE_SECRETS: shares a secret with PASSWORD/m,
      ],
      [{ OTP_ENCRYPTION_KEYS: ring, OTP_SERVICE_SECRETS: one }, /^ {2}SERVICE_SECRETS: shares a secret with OTP_ENC/m],
    ];
    for (const [env, wanted] of faults) {
      assert.match(faultOf(env), wanted);
      assert.ok(!faultOf(env).includes(one) && !faultOf(env).includes(ring));
    }
    assert.ok(checkEnvironment({ USERS_SERVICE_SECRETS: one, OTP_SERVICE_SECRETS: two }));
  });
});

function faultOf(env: NodeJS.ProcessEnv): string {
  try {
    checkEnvironment(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail('it is refused');
}
