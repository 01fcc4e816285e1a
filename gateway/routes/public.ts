import { reply } from '@sallyport/http';
import { readPrivateKey, toJwk } from '../domain/access-tokens.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { Health, Jwks } from '../schemas/outputs.ts';

const health = gatewayRoute(
  {
    method: 'get',
    path: '/healthz',
    summary: 'Says ok while the process serves, whatever its dependencies',
    tag: 'public',
    access: 'public',
    evenBlocked: true,
    answers: { 200: { description: 'It serves', schema: Health } },
  },
  () => reply(200, { status: 'ok' }),
);

const fiveMinutes = { 'Cache-Control': 'public, max-age=300' };

const jwks = gatewayRoute(
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys of access tokens',
    tag: 'public',
    access: 'public',
    answers: { 200: { description: 'A JWK set (RFC 7517)', schema: Jwks } },
  },
  (context) => reply(200, context.accessTokens.jwks, fiveMinutes),
);

const auditKeys = gatewayRoute(
  {
    method: 'get',
    path: '/.well-known/audit-keys.json',
    summary: 'The public keys of audit checkpoints',
    tag: 'public',
    access: 'public',
    answers: { 200: { description: 'A JWK set (RFC 7517)', schema: Jwks } },
  },
  (context) => {
    const keys = context.config.AUDIT_SIGNING_KEYS.keys.map(({ id, bytes }) =>
      toJwk(id, readPrivateKey(bytes), 'EdDSA'),
    );
    return reply(200, { keys }, fiveMinutes);
  },
);

export const publicRoutes = [health, jwks, auditKeys];
