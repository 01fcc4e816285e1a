import { refuse, reply } from '@sallyport/http';
import type { Request } from 'express';
import type { GatewayContext } from '../context.ts';
import { answerChallenge } from '../domain/answer-challenge.ts';
import type { Asker } from '../domain/asker.ts';
import { logIn } from '../domain/log-in.ts';
import { recogniseDevice } from '../domain/recognise-device.ts';
import { signUp } from '../domain/sign-up.ts';
import { deviceTokenOf } from '../edge/device-cookie.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { tooMany, weakPassword, wrongCode, wrongPassword } from '../refusals.ts';
import { codeOf, Login, LoginOtp, Signup } from '../schemas/inputs.ts';
import { LoginAnswer, LoginComplete, Tokens } from '../schemas/outputs.ts';
import { replyLogin, replyTokens } from './tokens.ts';

const invalidChallenge = () =>
  refuse(problems['invalid-challenge'], { detail: 'The challenge is not valid (any more). Start again at /login.' });

async function withDevice(context: GatewayContext, asker: Asker, req: Request): Promise<Asker> {
  return { ...asker, device: await recogniseDevice(context, deviceTokenOf(context.publicUrl, req)) };
}

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
        return replyTokens(context, 201, result.issued);
      case 'closed':
        return refuse(problems['signup-closed'], { detail: 'An administrator creates accounts here.' });
      case 'limited':
        return tooMany(context, result);
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
    guesses: 'refused unless known',
    body: Login,
    answers: { 200: { description: 'Tokens, or a challenge where a code is demanded', schema: LoginAnswer } },
    problems: ['invalid-credentials', 'invalid-otp'],
  },
  async (context, { body, caller, req }) => {
    const asker = await withDevice(context, caller.asker, req);
    const result = await logIn(context, asker, { ...body, code: codeOf(body) });
    switch (result.outcome) {
      case 'complete':
        return replyLogin(context, result);
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
        return tooMany(context, result);
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
    guesses: 'refused unless known',
    body: LoginOtp,
    answers: { 200: { description: 'Tokens', schema: LoginComplete } },
    problems: ['invalid-challenge', 'invalid-otp'],
  },
  async (context, { body, caller, req }) => {
    const code = codeOf(body);
    if (code === undefined) return wrongCode();
    const asker = await withDevice(context, caller.asker, req);
    const result = await answerChallenge(context, asker, { challenge: body.challenge, code });
    switch (result.outcome) {
      case 'complete':
        return replyLogin(context, result);
      case 'invalid-challenge':
        return invalidChallenge();
      case 'wrong-code':
        return wrongCode();
      case 'limited':
        return tooMany(context, result);
    }
  },
);

export const loginRoutes = [signup, login, loginOtp];
