import { refuse, reply } from '@sallyport/http';
import { disableFactor } from '../domain/disable-factor.ts';
import { enableFactor, startEnrolment } from '../domain/enrol.ts';
import { regenerateRecoveryCodes } from '../domain/regenerate-recovery-codes.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';
import { refuseProof, unauthenticated, wrongCode } from '../refusals.ts';
import { codeOf, OneCode, OtpDisabling, OtpEnabling } from '../schemas/inputs.ts';
import { OtpDisabled, OtpEnabled, OtpSetup, OtpState, RecoveryCodes } from '../schemas/outputs.ts';
import { replyTokens } from './tokens.ts';

const alreadyEnabled = () =>
  refuse(problems['otp-already-enabled'], { detail: 'Disable the second factor before enrolling another.' });
const noFactor = () => refuse(problems['no-factor'], { detail: 'This account has no second factor.' });

const state = gatewayRoute(
  {
    method: 'get',
    path: '/auth/otp',
    summary: 'Whether a second factor is enabled, since when, and how many recovery codes are left',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    answers: { 200: { description: 'The state of the second factor', schema: OtpState } },
  },
  async (context, { caller }) => {
    const factor = await context.otp.findFactor(caller.asker.request, caller.session.userId);
    return reply(200, {
      otp_enabled: factor.active,
      enabled_at: factor.enabled_at,
      recovery_codes_left: factor.recovery_codes_left,
    });
  },
);

const setup = gatewayRoute(
  {
    method: 'post',
    path: '/auth/otp/setup',
    summary: 'Starts an enrolment; nothing is enabled yet',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    fresh: 'always',
    answers: { 200: { description: 'The secret, to be scanned or typed', schema: OtpSetup } },
    problems: ['otp-already-enabled'],
  },
  async (context, { caller }) => {
    const start = await startEnrolment(context, caller.asker, caller.session);
    if (start.outcome === 'already-enabled') return alreadyEnabled();
    const { secret, otpauth_uri, qr_code, expires_in } = start;
    return reply(200, { secret, otpauth_uri, qr_code, expires_in });
  },
);

const enable = gatewayRoute(
  {
    method: 'put',
    path: '/auth/otp/enable',
    summary: 'Confirms the enrolment with a first code',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    guesses: 'counted',
    body: OtpEnabling,
    answers: { 200: { description: 'Ten recovery codes, and tokens with both factors', schema: OtpEnabled } },
    problems: ['invalid-otp', 'no-pending-enrolment', 'otp-already-enabled'],
  },
  async (context, { body, caller }) => {
    const result = await enableFactor(context, caller.asker, caller.session, body.otp);
    switch (result.outcome) {
      case 'wrong-code':
        return wrongCode();
      case 'no-pending-enrolment':
        return refuse(problems['no-pending-enrolment'], { detail: 'Start an enrolment at /auth/otp/setup.' });
      case 'already-enabled':
        return alreadyEnabled();
      case 'enabled':
        return result.issued === undefined
          ? unauthenticated()
          : replyTokens(context, 200, result.issued, {
              otp_enabled: true,
              recovery_codes: result.recoveryCodes,
            });
    }
  },
);

const disable = gatewayRoute(
  {
    method: 'put',
    path: '/auth/otp/disable',
    summary: 'Removes the second factor',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    notForRequiredRoles: true,
    guesses: 'counted',
    body: OtpDisabling,
    answers: { 200: { description: 'The factor is gone, its recovery codes too', schema: OtpDisabled } },
    problems: ['invalid-credentials', 'invalid-otp', 'no-factor', 'forbidden'],
  },
  async (context, { body, caller }) => {
    const given = { password: body.password, code: codeOf(body) };
    const result = await disableFactor(context, caller.asker, caller.session, given);
    switch (result.outcome) {
      case 'disabled':
        return reply(200, { otp_enabled: false });
      case 'no-factor':
        return noFactor();
      default:
        return refuseProof(context, result);
    }
  },
);

const regenerate = gatewayRoute(
  {
    method: 'post',
    path: '/auth/otp/recovery_codes',
    summary: 'Replaces the recovery codes',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    guesses: 'counted',
    fresh: 'always',
    body: OneCode,
    answers: { 200: { description: 'Ten new ones; the old ones are void', schema: RecoveryCodes } },
    problems: ['invalid-otp', 'no-factor'],
  },
  async (context, { body, caller }) => {
    const result = await regenerateRecoveryCodes(context, caller.asker, caller.session, codeOf(body));
    switch (result.outcome) {
      case 'regenerated':
        return reply(200, { recovery_codes: result.recoveryCodes });
      case 'no-factor':
        return noFactor();
      default:
        return refuseProof(context, result);
    }
  },
);

export const secondFactorRoutes = [state, setup, enable, disable, regenerate];
