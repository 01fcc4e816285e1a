import cors from 'cors';
import type { RequestHandler } from 'express';

/** Lets pages of these origins call (CORS), with tokens that they hold themselves and no cookies; none by default. */
export function allowOrigins(origins: readonly string[]): RequestHandler[] {
  if (origins.length === 0) return [];
  return [
    cors({
      origin: [...origins],
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
      exposedHeaders: [
        'RateLimit',
        'RateLimit-Policy',
        'Retry-After',
        'WWW-Authenticate',
        'X-Last-Sequence',
        'X-Request-Id',
      ],
      maxAge: 600,
    }),
  ];
}
