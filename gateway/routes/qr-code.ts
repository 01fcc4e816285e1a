import { refuse, reply } from '@sallyport/http';
import { type GatewayRoute, gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';

/** otp's picture as it is. Only who asks and which form he prefers go along: nothing else that a caller could have set. */
export const qrCodeRoutes: GatewayRoute[] = [
  gatewayRoute(
    {
      method: 'get',
      path: '/qr_code',
      summary: 'The pending enrolment as a picture',
      tag: 'second factor',
      access: 'bearer',
      beforeEnrolment: true,
      answers: {
        200: { description: 'PNG, or SVG where Accept prefers it', media: ['image/png', 'image/svg+xml'] },
      },
      problems: ['no-pending-enrolment'],
    },
    async ({ otp }, { caller: { asker, session }, req }) => {
      const vary = { Vary: 'Accept' };
      const picture = await otp.drawEnrolment(asker.request, session.userId, req.headers.accept);
      return picture
        ? reply(200, picture.bytes, { ...vary, 'Content-Type': picture.type })
        : refuse(problems['no-pending-enrolment'], { headers: vary });
    },
  ),
];
