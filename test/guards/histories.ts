import type { Guard } from './guard.ts';

const test = { file: 'test/model/model.test.ts', name: 'keeps the promises over' };

/** Guards that random histories find missing: that they would find others. */
export const histories: Guard[] = [
  {
    name: 'an attempt is counted, over histories',
    file: 'services/otp/store/reserve-attempt.ts',
    find: 'attempts = lane.attempts + 1,',
    replace: 'attempts = lane.attempts,',
    test,
  },
  {
    name: 'an older refresh token ends its session, over histories',
    file: 'gateway/domain/refresh-session.ts',
    find: 'await endForReuse(context, asker, session);',
    replace: '',
    test,
  },
  {
    name: 'a recovery code is used once, over histories',
    file: 'services/otp/store/claim-code.ts',
    find: 'hash = $12::bytea and used_at is null',
    replace: 'hash = $12::bytea',
    test,
  },
  {
    name: 'a changed password ends challenges, over histories',
    file: 'gateway/store/devices.ts',
    find: '(locked or epoch > $2 or factor_version > $3)',
    replace: '($2::bigint is null or $3::bigint is null)',
    test,
  },
];
