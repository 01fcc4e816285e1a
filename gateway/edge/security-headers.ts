import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

/**
 * Nothing of ours may be framed, sniffed or run, save the documentation page from its own files. The headers are the
 * same for every answer, so helmet is asked for them once.
 */
export function securityHeaders(publicUrl: string): RequestHandler {
  const headers = new Map<string, string>();
  const note = { setHeader: (name: string, value: string) => headers.set(name, value), removeHeader: () => {} };
  chooseHeaders(publicUrl)({} as Request, note as unknown as Response, () => {});
  return (_req, res, next) => {
    res.setHeaders(headers);
    next();
  };
}

function chooseHeaders(publicUrl: string): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
}
