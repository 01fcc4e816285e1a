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
    find: 'c.hash = held.hash and used_at is null',
    replace: 'c.hash = held.hash',
    test,
  },
];
