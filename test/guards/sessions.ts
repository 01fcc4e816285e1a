import type { Guard } from './guard.ts';

const sessions = 'gateway/store/sessions.ts';
const issuing = 'gateway/store/insert-session.ts';
const fencedTest = 'gateway/store/sessions.test.ts';
const refresh = 'gateway/domain/refresh-session.ts';
const authorise = 'gateway/edge/authorise.ts';
const refreshTest = 'test/refresh.test.ts';
const fenceTest = 'test/fence.test.ts';
const tokensTest = 'test/tokens.test.ts';

/** No session before the second factor, none after its end (promises 2 and 10). */
export const sessionGuards: Guard[] = [
  {
    name: 'a session is issued under the epoch of its password',
    file: issuing,
    find: 'and not s.locked and s.epoch <= asked.epoch',
    replace: 'and not s.locked',
    test: { file: fenceTest, name: 'a password change overtakes a login whose insert is on its way to Postgres' },
  },
  {
    name: 'a session is issued under the version of its factor',
    file: issuing,
    find: '\n           and s.factor_version <= asked.factor_version',
    replace: '',
    test: { file: fenceTest, name: 'a password-only login stopped before its insert is overtaken by a new factor' },
  },
  {
    name: 'a challenge makes one session',
    file: issuing,
    find: 'auth_time, challenge_hash, refresh_number,',
    replace: 'auth_time, nullif(challenge_hash, challenge_hash), refresh_number,',
    test: { file: 'gateway/store/sessions.test.ts', name: 'a challenge makes one session' },
  },
  {
    name: 'a password proved at another epoch than the session has proves it no further',
    file: 'gateway/domain/prove-again.ts',
    find: "if (password.outcome === 'proved' && password.proof.account.epoch !== session.epoch) return { outcome: 'ended' };",
    replace: '',
    test: { file: 'test/admin.test.ts', name: 'nobody proves a session back to life that users has overtaken' },
  },
  {
    name: 'a session is carried over from the epoch it was read with',
    file: sessions,
    find: 'and s.epoch = $6 and s.factor_version = $7\n       and not f.locked and f.epoch <= $2 and f.factor_version <= $3\n     returning',
    replace:
      'and $6 = $6::bigint and $7 = $7::bigint\n       and not f.locked and f.epoch <= $2 and f.factor_version <= $3\n     returning',
    test: { file: fencedTest, name: 'a session is carried over from the versions it was read with' },
  },
  {
    name: 'a removed device stays unknown',
    file: issuing,
    find: 'where not device_known and id in (select id from issued)',
    replace: 'where id in (select id from issued)\n         on conflict do nothing',
    test: { file: fencedTest, name: 'a device that was removed while a login from it was under way' },
  },
  {
    name: 'a challenge counts only while its password stands',
    file: 'gateway/domain/prove-password.ts',
    find: 'account.epoch === challenge.epoch &&',
    replace: '',
    test: { file: fenceTest, name: 'a lock overtakes a login in flight' },
  },
  {
    name: 'a session ends a day after its first use',
    file: sessions,
    find: 'export const live = (idle: string) => `s.ended_at is null and s.expires_at > clock_timestamp()',
    replace: 'export const live = (idle: string) => `s.ended_at is null',
    test: { file: refreshTest, name: 'ends a session an hour after its last use and a day after its first' },
  },
  {
    name: 'a session ends an hour after its last use',
    file: sessions,
    find: 'and s.last_used_at > clock_timestamp() - make_interval(secs => ${idle})',
    replace: 'and ${idle}::int is not null',
    test: { file: refreshTest, name: 'ends a session an hour after its last use and a day after its first' },
  },
  {
    name: 'a refresh token has one successor',
    file: 'gateway/store/refresh.ts',
    find: 'and s.refresh_number = $2 and',
    replace: 'and $2::int is not null and',
    test: { file: refreshTest, name: 'gives fifty simultaneous uses of a refresh token one successor' },
  },
  {
    name: 'the newest used refresh token is good for ten seconds more',
    file: refresh,
    find: '&& session.secondsSinceRotation < graceSeconds',
    replace: '',
    test: { file: refreshTest, name: 'gives the same successor again within ten seconds, and ends the session after' },
  },
  {
    name: 'an older refresh token ends its session',
    file: refresh,
    find: 'await endForReuse(context, asker, session);',
    replace: '',
    test: { file: refreshTest, name: 'ends the session when a token is used after its successor was' },
  },
  {
    name: 'an invented refresh token ends nothing',
    file: refresh,
    find: 'wasIssued(token, session.refresh.secret, context.config.TOKEN_SIGNING_KEYS)',
    replace: 'wasIssued !== undefined',
    test: { file: refreshTest, name: 'lets an invented token for a known session end nothing' },
  },
  {
    name: 'an invented refresh token is not the present one',
    file: refresh,
    find: 'timingSafeEqual(hashRefreshValue(token.value), session.refresh.hash)',
    replace: 'timingSafeEqual !== undefined',
    test: { file: refreshTest, name: 'lets an invented token for a known session end nothing' },
  },
  {
    name: 'a new factor ends the other sessions',
    file: 'gateway/store/fence.ts',
    find: 'and (f.locked or s.epoch < f.epoch or s.factor_version < f.factor_version)',
    replace: 'and (f.locked or s.epoch < f.epoch)',
    test: { file: fencedTest, name: 'ends the sessions below it, but for the one that asked (promise 10)' },
  },
  {
    name: 'a session under a lower epoch is dead',
    file: sessions,
    find: 'and not f.locked and s.epoch >= f.epoch and s.factor_version >= f.factor_version`;',
    replace: 'and not f.locked and s.factor_version >= f.factor_version`;',
    test: { file: fencedTest, name: 'is dead, though nobody has ended it (promise 2)' },
  },
  {
    name: 'a session under an older factor is dead',
    file: sessions,
    find: 'and not f.locked and s.epoch >= f.epoch and s.factor_version >= f.factor_version`;',
    replace: 'and not f.locked and s.epoch >= f.epoch`;',
    test: { file: fencedTest, name: 'is dead, though nobody has ended it (promise 2)' },
  },
  {
    name: 'a session of a locked account is dead',
    file: sessions,
    find: 'and not f.locked and s.epoch >= f.epoch and s.factor_version >= f.factor_version`;',
    replace: 'and s.epoch >= f.epoch and s.factor_version >= f.factor_version`;',
    test: { file: fencedTest, name: 'is dead, though nobody has ended it (promise 2)' },
  },
  {
    name: 'no session is carried over a fence',
    file: sessions,
    find: `and not f.locked and f.epoch <= $2 and f.factor_version <= $3
     returning s.*`,
    replace: 'returning s.*',
    test: { file: fencedTest, name: 'is dead, though nobody has ended it (promise 2)' },
  },
  {
    name: 'nobody ends the session of somebody else',
    file: sessions,
    find: 'where id = $1 and user_id = $2 and ended_at is null returning 1',
    replace: 'where id = $1 and $2::uuid is not null and ended_at is null returning 1',
    test: {
      file: refreshTest,
      name: 'ends a session of its owner by id, and shows foreign and malformed ids the same 404',
    },
  },
  {
    name: 'a token is good for the account of its session',
    file: 'gateway/edge/authenticate.ts',
    find: 'session && session.userId === claims.sub',
    replace: 'session',
    test: { file: tokensTest, name: 'refuses a token of another issuer, audience, time, account or session' },
  },
  {
    name: 'a session is no fresher than it knows',
    file: 'gateway/edge/authenticate.ts',
    find: 'Math.min(session.authTime, claims.auth_time)',
    replace: 'claims.auth_time',
    test: { file: tokensTest, name: 'believes no role, method or time that a token claims beyond its session' },
  },
  {
    name: 'what matters wants a fresh session',
    file: authorise,
    find: 'age > context.config.FRESH_SECONDS',
    replace: 'age > 100 * context.config.FRESH_SECONDS',
    test: { file: tokensTest, name: 'asks for a fresh login, and for a code anew, five minutes after the last' },
  },
  {
    name: 'a role is wanted',
    file: authorise,
    find: 'if (roles && !session',
    replace: 'if (roles && session === undefined && !session',
    test: { file: 'test/audit-events.test.ts', name: 'nobody but admins and auditors with two factors reads the log' },
  },
  {
    name: 'a role that needs a factor does nothing without one',
    file: authorise,
    find: "if (factorWanted && !session.amr.includes('otp'))",
    replace: 'if (factorWanted && session === undefined)',
    test: { file: tokensTest, name: 'lets an admin without a second factor enrol one and nothing else' },
  },
  {
    name: 'sessions are forgotten as fast as they end',
    file: 'packages/postgres/delete-pages.ts',
    find: 'row.count < pageRows',
    replace: 'row.count <= pageRows',
    test: { file: 'gateway/store/sessions.test.ts', name: 'of sessions that are long over all are forgotten' },
  },
  {
    name: 'an account has ten known devices',
    file: 'gateway/domain/issue-session.ts',
    find: 'issued.devices >= mostDevices',
    replace: 'issued.devices >= 100 * mostDevices',
    test: { file: 'test/devices.test.ts', name: 'has ten devices at most, lists them, and forgets' },
  },
  {
    name: 'a device is known to its own account alone',
    file: 'gateway/domain/asker.ts',
    find: 'device && isOwner(device)',
    replace: 'device',
    test: { file: 'test/devices.test.ts', name: 'a device of one account is a stranger to another' },
  },
];
