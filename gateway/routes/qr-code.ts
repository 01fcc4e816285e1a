import type { GatewayRoute } from '../gateway-route.ts';

/** Passed through to otp as it is; see edge/pass-through.ts. */
export const qrCodeRoutes: GatewayRoute[] = [
  {
    method: 'get',
    path: '/qr_code',
    summary: 'The pending enrolment as a picture',
    tag: 'second factor',
    access: 'bearer',
    beforeEnrolment: true,
    through: 'otp',
    answers: {
      200: { description: 'PNG, or SVG where Accept prefers it', media: ['image/png', 'image/svg+xml'] },
    },
    problems: ['no-pending-enrolment'],
  },
];
