import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { redisUrl } from './fields.ts';
import { ConfigError, readConfig } from './read-config.ts';
import { parseRedisUrl } from './redis-url.ts';

const strip = (value: object) => JSON.parse(JSON.stringify(value));

test('reads one node, a cluster and sentinels, with TLS, users and percent-encoded passwords', () => {
  for (const [text, wanted] of [
    ['redis://cache', { kind: 'node', tls: false, nodes: [{ host: 'cache', port: 6379 }], db: 0 }],
    [
      'rediss://otp:p%2C%40%2Fss@[::1]:7000/3',
      { kind: 'node', tls: true, nodes: [{ host: '::1', port: 7000 }], username: 'otp', password: 'p,@/ss', db: 3 },
    ],
    [
      'rediss://:word@a:7001, rediss://b:7002,c',
      {
        kind: 'cluster',
        tls: true,
        nodes: [
          { host: 'a', port: 7001 },
          { host: 'b', port: 7002 },
          { host: 'c', port: 6379 },
        ],
        password: 'word',
      },
    ],
    [
      'rediss+sentinel://gateway:p%3Fw@s1,s2:5000/main.one?sentinel_username=u&sentinel_password=s%26p',
      {
        kind: 'sentinel',
        tls: true,
        nodes: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 5000 },
        ],
        username: 'gateway',
        password: 'p?w',
        name: 'main.one',
        sentinelUsername: 'u',
        sentinelPassword: 's&p',
      },
    ],
  ] as const) {
    assert.deepEqual(strip(parseRedisUrl(text)), wanted);
    assert.deepEqual(readConfig(z.object({ REDIS_URL: redisUrl }), { REDIS_URL: text }), { REDIS_URL: text });
  }
});

test('refuses anything else with one sentence that holds no part of it', () => {
  for (const [text, fault] of [
    ['http://hunter2', /must be redis:/],
    ['redis://', /names no host:port/],
    ['redis://:hunter2@', /names no host:port/],
    ['redis://:hun,ter2@cache', /names no host:port/],
    ['redis://:hunter2%@cache', /names no host:port/],
    ['redis://cache:hunter2', /names no host:port/],
    ['redis://:hunter2@a,rediss://:hunter2@b', /different schemes/],
    ['redis://:hunter2@a,redis://:other@b', /different users or passwords/],
    ['redis://:hunter2@a,b/1', /a cluster has only one/],
    ['redis://:hunter2@a/one', /no number of a database/],
    ['redis://:hunter2@a?enableOfflineQueue=true', /only for sentinels/],
    ['redis+sentinel://:hunter2@a,b', /needs the name of the primary/],
    ['redis+sentinel://:hunter2@a,/name', /names no host:port/],
    ['redis+sentinel://a/name?password=hunter2', /no parameters but sentinel_username/],
  ] as const) {
    assert.throws(
      () => readConfig(z.object({ REDIS_URL: redisUrl }), { REDIS_URL: text }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError, text);
        assert.match(error.message, fault);
        assert.doesNotMatch(error.message, /hunter2|hun,|ter2/);
        return true;
      },
    );
  }
});
