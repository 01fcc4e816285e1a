import type { Guard } from './guard.ts';

const proveCode = 'gateway/domain/prove-code.ts';
const stepsTest = 'test/steps.test.ts';

/** Steps and factors (promises 2, 5 and 6). */
export const factors: Guard[] = [
  {
    name: 'the flag alone demands a code',
    file: proveCode,
    find: 'if (account.otp_enabled) return { demanded: true, factorVersion: account.factor_version };',
    replace: '',
    test: { file: stepsTest, name: 'demands a code while the flag or otp says that there is a factor' },
  },
  {
    name: 'the factor alone demands a code',
    file: proveCode,
    find: 'if (factor.active) return { demanded: true, factorVersion };',
    replace: '',
    test: { file: stepsTest, name: 'demands a code while the flag or otp says that there is a factor' },
  },
  {
    name: 'a yes is for the account that was asked about',
    file: 'gateway/clients/otp-client.ts',
    find: "'user_id' in answer && answer.user_id !== asked.user_id",
    replace: 'false',
    test: { file: stepsTest, name: 'takes nothing but the exact yes of otp for this account and attempt' },
  },
  {
    name: 'a yes is for the attempt that was made',
    file: 'gateway/clients/otp-client.ts',
    find: "'attempt_id' in answer && answer.attempt_id !== asked.attempt_id",
    replace: 'false',
    test: { file: stepsTest, name: 'takes nothing but the exact yes of otp for this account and attempt' },
  },
  {
    name: 'an answer that is not exactly one is none',
    file: 'packages/http/service-client.ts',
    find: 'got.status === 200 ? answer.safeParse(parse(got.bytes.toString())) : undefined',
    replace: '({ success: true, data: parse(got.bytes.toString()) as never })',
    test: { file: stepsTest, name: 'takes nothing but the exact yes of otp for this account and attempt' },
  },
  {
    name: 'a factor is not removed without the password',
    file: 'gateway/domain/disable-factor.ts',
    find: "if (password.outcome !== 'proved') return password;",
    replace: "if (password.outcome === 'limited') return password;",
    test: { file: stepsTest, name: 'changes nothing about an active factor without both proofs' },
  },
  {
    name: 'whoever has a factor proves it again',
    file: 'gateway/domain/prove-again.ts',
    find: "if (given.code === undefined) return { outcome: 'wrong-code' };",
    replace: `if (given.code === undefined) {
    const second = { kind: 'no-factor', userId: session.userId, factorVersion: factor.factorVersion } as never;
    return { outcome: 'proved', password: password.proof, second };
  }`,
    test: { file: stepsTest, name: 'changes nothing about an active factor without both proofs' },
  },
  {
    name: 'the flag follows only a later version of the factor',
    file: 'services/users/store/flags.ts',
    find: 'where id = $1 and factor_version < $3',
    replace: 'where id = $1',
    test: {
      file: 'services/users/test/routes.test.ts',
      name: 'the flag only ever follows a later version of the factor, in whatever order they come',
    },
  },
  {
    name: 'the sweep repairs a flag that is behind',
    file: 'gateway/audit/sweep.ts',
    find: 'if (factor.factor_version > flag.factor_version) {',
    replace: 'if (factor.factor_version > flag.factor_version + 1_000) {',
    test: { file: 'gateway/audit/project.test.ts', name: 'the sweep repairs flags that are behind' },
  },
  {
    name: 'a changed password reaches the fence though the gateway died',
    file: 'gateway/audit/project.ts',
    find: "'sallyport.password.changed',",
    replace: '',
    test: {
      file: 'test/fence.test.ts',
      name: 'sessions and refresh tokens end though the gateway was killed right after',
    },
  },
  {
    name: 'a reset is approved by another admin',
    file: 'gateway/domain/approve-reset.ts',
    find: "if (asked.requestedBy === admin.userId || asked.userId === admin.userId) return { outcome: 'forbidden' };",
    replace: '',
    test: { file: 'test/otp-reset.test.ts', name: 'nobody approves his own request, or a reset of his own factor' },
  },
  {
    name: 'a request for a reset lapses with the role of who asked',
    file: 'gateway/domain/approve-reset.ts',
    find: "if (!(await isAdmin(context, asker, asked.requestedBy))) return { outcome: 'not-found' };",
    replace: '',
    test: { file: 'test/otp-reset.test.ts', name: 'a request lapses when the requester is demoted or locked' },
  },
  {
    name: 'a reset is settled once',
    file: 'gateway/store/otp-resets.ts',
    find: "where id = $1 and state = 'pending' and requested_by <> $2",
    replace: 'where id = $1 and requested_by <> $2',
    test: { file: 'test/otp-reset.test.ts', name: 'of fifty approvals at once one wins, and one reset happens' },
  },
  {
    name: 'a lock that is told late locks nobody out',
    file: 'services/users/store/administer.ts',
    find: ', epoch = epoch + case when locked_at is null then 0 else 1 end',
    replace: '',
    test: { file: 'test/admin.test.ts', name: 'a lock that is told late, after its unlock, locks nobody out again' },
  },
  {
    name: 'one admin is left',
    file: 'services/users/store/admins.ts',
    find: 'return others.length === 0;',
    replace: 'return others.length < 0;',
    test: { file: 'test/admin.test.ts', name: 'the last admin can neither be demoted nor locked' },
  },
  {
    name: 'an approver of a reset is an admin still',
    file: 'gateway/domain/approve-reset.ts',
    find: "if (!(await isAdmin(context, asker, admin.userId))) return { outcome: 'forbidden' };",
    replace: '',
    test: { file: 'test/otp-reset.test.ts', name: 'an admin whom users has demoted neither asks nor approves' },
  },
];
