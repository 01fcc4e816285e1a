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
    const error = (() => {
      try {
        checkEnvironment(env);
      } catch (thrown) {
        return thrown;
      }
    })();
    assert.ok(error instanceof ConfigError);
    const named = [...error.message.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    assert.deepEqual(named.sort(), Object.keys(env).sort());
  });
});
