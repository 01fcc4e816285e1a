import { otp } from '@sallyport/contracts';
import { reply, route } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { qrDataUri } from '../domain/qr-image.ts';
import { startEnrolment } from '../domain/start-enrolment.ts';

export const startEnrolmentRoute = route(
  { method: 'post', path: '/enrolments', body: otp.StartEnrolment },
  async (context: OtpContext, { body, context: request }) => {
    const started = await startEnrolment(context, request, body.user_id, body.username);
    if (started.outcome === 'already-enabled') return reply(200, { outcome: started.outcome });
    return reply(200, {
      outcome: started.outcome,
      user_id: body.user_id,
      secret: started.secret,
      otpauth_uri: started.otpauthUri,
      qr_code: await qrDataUri(started.otpauthUri),
      expires_in: started.expiresInSeconds,
      events: started.events,
    });
  },
);
