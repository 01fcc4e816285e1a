import { refuse, reply } from '@sallyport/http';
import { answerChallenge } from '../domain/answer-challenge.ts';
import { logIn } from '../domain/log-in.ts';
import { signUp } from '../domain/sign-up.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { tooMany, weakPassword, wrongCode, wrongPassword } from '../refusals.ts';
import { codeOf, Login, LoginOtp, Signup } from '../schemas/inputs.ts';
import { LoginAnswer, LoginComplete, Tokens } from '../schemas/outputs.ts';
import { createLoginComplete, createTokens } from './tokens.ts';

const invalidChallenge = () =>
  refuse(problems['invalid-challenge'], { detail: 'The challenge is not valid (any more). Start again at /login.' });

const signup = gatewayRoute(
  {
    method: 'post',
    path: '/signup',
    summary: 'Creates an account and logs it in',
    tag: 'login',
    access: 'public',
    guesses: 'refused',
    signup: true,
    body: Signup,
    answers: { 201: { description: 'The account and its first tokens', schema: Tokens } },
    problems: ['username-taken', 'weak-password', 'signup-closed'],
  },
  async (context, { body, caller }) => {
    const result = await signUp(context, caller.asker, body);
    switch (result.outcome) {
      case 'signed-up':
        return reply(201, createTokens(context, result.issued));
      case 'closed':
        return refuse(problems['signup-closed'], { detail: 'An administrator creates accounts here.' });
      case 'limited':
        return tooMany(result.retryAfterSeconds);
      case 'weak-password':
        return weakPassword(result.reason, 'password');
      case 'username-taken':
        return refuse(problems['username-taken'], { detail: 'Choose another username.' });
      case 'overtaken':
        return wrongPassword();
    }
  },
);

const login = gatewayRoute(
  {
    method: 'post',
    path: '/login',
    summary: 'The first door, and with a code both',
    tag: 'login',
    access: 'public',
    guesses: 'refused',
    body: Login,
    answers: { 200: { description: 'Tokens, or a challenge where a code is demanded', schema: LoginAnswer } },
    problems: ['invalid-credentials', 'invalid-otp'],
  },
  async (context, { body, caller }) => {
    const result = await logIn(context, caller.asker, { ...body, code: codeOf(body) });
    switch (result.outcome) {
      case 'complete':
        return reply(200, createLoginComplete(context, result.issued));
      case 'challenged':
        return reply(200, {
          status: 'otp_required',
          challenge: result.challenge,
          expires_in: result.expiresInSeconds,
          methods: ['otp', 'recovery_code'],
        });
      case 'wrong-password':
        return wrongPassword();
      case 'wrong-code':
        return wrongCode();
      case 'limited':
        return tooMany(result.retryAfterSeconds);
    }
  },
);

const loginOtp = gatewayRoute(
  {
    method: 'post',
    path: '/login/otp',
    summary: 'The second door: answers a challenge',
    tag: 'login',
    access: 'public',
    guesses: 'refused',
    body: LoginOtp,
    answers: { 200: { description: 'Tokens', schema: LoginComplete } },
    problems: ['invalid-challenge', 'invalid-otp'],
  },
  async (context, { body, caller }) => {
    const code = codeOf(body);
    if (code === undefined) return wrongCode();
    const result = await answerChallenge(context, caller.asker, { challenge: body.challenge, code });
    switch (result.outcome) {
      case 'complete':
        return reply(200, createLoginComplete(context, result.issued));
      case 'invalid-challenge':
        return invalidChallenge();
      case 'wrong-code':
        return wrongCode();
      case 'limited':
        return tooMany(result.retryAfterSeconds);
    }
  },
);

export const loginRoutes = [signup, login, loginOtp];
