import { type Call, refuse, reply, route, type ServiceCaller } from '@sallyport/http';
import type { OtpContext } from '../context.ts';
import { findPendingUri } from '../domain/find-pending-uri.ts';
import { qrPng, qrSvg } from '../domain/qr-image.ts';
import { problems } from '../problems.ts';

const noStore = { 'Cache-Control': 'no-store', Vary: 'Accept' };

/** The pending enrolment of the account that the gateway's token names. */
export const qrCodeRoute = route(
  { method: 'get', path: '/qr_code' },
  async (context: OtpContext, { caller, req }: Call<unknown, unknown, unknown, ServiceCaller>) => {
    const uri = caller.subject && (await findPendingUri(context, caller.subject));
    if (!uri) return refuse(problems['no-pending-enrolment'], { headers: noStore });
    return req.accepts(['image/png', 'image/svg+xml']) === 'image/svg+xml'
      ? reply(200, await qrSvg(uri), { ...noStore, 'Content-Type': 'image/svg+xml' })
      : reply(200, await qrPng(uri), { ...noStore, 'Content-Type': 'image/png' });
  },
);
