import { commonProblems, defineProblems } from '@sallyport/http';

/** Every problem that a caller of the gateway may meet; docs/problems.md has a heading for each. */
export const problems = {
  ...commonProblems,
  ...defineProblems({
    'address-blocked': [403, 'This address is blocked'],
    'too-many-attempts': [429, 'Too many attempts'],
    forbidden: [403, 'This account may not do that'],
    'enrolment-required': [403, 'A second factor must be enrolled first'],
    'reauthentication-required': [403, 'Authenticate again first'],
    'signup-closed': [403, 'Signing up is closed here'],
    'invalid-credentials': [401, 'The username or the password is wrong'],
    'invalid-challenge': [401, 'The challenge is not valid'],
    'invalid-otp': [401, 'The code is not valid'],
    'invalid-refresh-token': [401, 'The refresh token is not valid'],
    'username-taken': [409, 'The username is taken'],
    'weak-password': [422, 'The password is too weak'],
    'otp-already-enabled': [409, 'A second factor is already enabled'],
    'last-admin': [409, 'This is the last admin'],
    'no-pending-enrolment': [404, 'No enrolment is pending'],
    'no-factor': [404, 'No second factor is enabled'],
  }),
};

export type ProblemCode = keyof typeof problems;
