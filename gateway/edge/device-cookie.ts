import type { Request } from 'express';

/*
 * The token of a known device, for browsers: a cookie that no script reads and no other site sends along. `__Host-` ties
 * it to this origin, which takes https.
 */

const maxAgeSeconds = 400 * 86_400;

const isHttps = (publicUrl: string) => publicUrl.startsWith('https:');
const nameFor = (publicUrl: string) => (isHttps(publicUrl) ? '__Host-sallyport_device' : 'sallyport_device');

/** The token that a request brings; the body's wins over the cookie's. */
export function deviceTokenOf(publicUrl: string, req: Request): string | undefined {
  const given: unknown = req.body?.device_token;
  if (given !== undefined) return typeof given === 'string' ? given : undefined;
  for (const pair of req.headers.cookie?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=');
    if (name === nameFor(publicUrl)) return value;
  }
  return undefined;
}

export function deviceCookie(publicUrl: string, token: string): string {
  const secure = isHttps(publicUrl) ? '; Secure' : '';
  return `${nameFor(publicUrl)}=${token}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Strict${secure}`;
}
