import { refuse, reply } from '@sallyport/http';
import { answerChallenge } from '../domain/answer-challenge.ts';
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

function replyChallenge({ challenge, expiresInSeconds }: { challenge: string; expiresInSeconds: number }) {
  const body = { status: 'otp_required', challenge, expires_in: expiresInSeconds, methods: ['otp', 'recovery_code'] };
  return reply(200, body, {}, 'challenged');
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
    login: 'password',
    body: Login,
    answers: { 200: { description: 'Tokens, or a challenge where a code is demanded', schema: LoginAnswer } },
    problems: ['invalid-credentials', 'invalid-otp'],
  },
  async (context, { body, caller, req }) => {
    const device = await recogniseDevice(context, deviceTokenOf(context.publicUrl, req));
    const asker = { ...caller.asker, device };
    const result = await logIn(context, asker, { ...body, code: codeOf(body) });
    switch (result.outcome) {
      case 'complete':
        return replyLogin(context, result);
      case 'challenged':
        return replyChallenge(result);
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
    login: 'code',
    body: LoginOtp,
    answers: { 200: { description: 'Tokens', schema: LoginComplete } },
    problems: ['invalid-challenge', 'invalid-otp'],
  },
  async (context, { body, caller, req }) => {
    const code = codeOf(body);
    if (code === undefined) return wrongCode();
    const deviceToken = deviceTokenOf(context.publicUrl, req);
    const result = await answerChallenge(context, caller.asker, { challenge: body.challenge, code, deviceToken });
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
