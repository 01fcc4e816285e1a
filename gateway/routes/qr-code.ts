import { refuse, reply } from '@sallyport/http';
import { type GatewayRoute, gatewayRoute } from '../gateway-route.ts';
import { problems } from '../problems.ts';

const forms = ['image/png', 'image/svg+xml'] as const;

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
        200: { description: 'PNG, or SVG where Accept prefers it', media: forms },
      },
      problems: ['no-pending-enrolment'],
    },
    async ({ otp }, { caller: { asker, session }, req }) => {
      const vary = { Vary: 'Accept' };
      const form = forms.find((each) => each === req.accepts([...forms])) ?? forms[0];
      const picture = await otp.drawEnrolment(asker.request, session.userId, form);
      return picture
        ? reply(200, picture, { ...vary, 'Content-Type': form })
        : refuse(problems['no-pending-enrolment'], { headers: vary });
    },
  ),
];
