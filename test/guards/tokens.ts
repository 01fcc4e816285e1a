import type { Guard } from './guard.ts';

const access = 'gateway/domain/access-tokens.ts';
const service = 'packages/http/service-token.ts';
const serviceTest = 'packages/http/service-token.test.ts';
const tokensTest = 'test/tokens.test.ts';
const edgeTest = 'test/edge.test.ts';
const otherToken = 'refuses a token of another issuer, audience, time, account or session';

/** Tokens, of people and of the gateway (promise 9; RFC 8725). */
export const tokens: Guard[] = [
  {
    name: 'an access token is for this audience',
    file: access,
    find: 'issuer: publicUrl,\n        audience,',
    replace: 'issuer: publicUrl,',
    test: { file: tokensTest, name: otherToken },
  },
  {
    name: 'an access token is of this issuer',
    file: access,
    find: 'issuer: publicUrl,\n        audience,',
    replace: 'audience,',
    test: { file: tokensTest, name: otherToken },
  },
  {
    name: 'an access token has an end',
    file: access,
    find: ' || payload.exp === undefined',
    replace: '',
    test: { file: tokensTest, name: otherToken },
  },
  {
    name: 'an access token is no other type of token',
    file: access,
    find: "header.typ !== 'at+jwt' ||",
    replace: '',
    test: { file: tokensTest, name: 'refuses every other algorithm, key and header (RFC 8725 3.1, 3.10)' },
  },
  {
    name: 'critical headers are refused',
    file: access,
    find: '|| header.crit !== undefined',
    replace: '',
    test: { file: tokensTest, name: 'refuses every other algorithm, key and header (RFC 8725 3.1, 3.10)' },
  },
  {
    name: 'a service takes one algorithm',
    file: service,
    find: '!token.startsWith(header) || ',
    replace: '',
    test: { file: serviceTest, name: 'refuses a longer life, another algorithm and a missing context' },
  },
  {
    name: 'a service takes tokens for itself',
    file: service,
    find: 'claims?.aud !== audience',
    replace: 'claims === undefined',
    test: { file: serviceTest, name: 'is good for its service alone, and for 60 s and the leeway' },
  },
  {
    name: 'a service takes tokens of the gateway',
    file: service,
    find: 'iss: z.literal(issuer)',
    replace: 'iss: z.string().optional()',
    test: { file: serviceTest, name: 'is of no other issuer' },
  },
  {
    name: 'a token for a service lives a minute',
    file: service,
    find: ' || claims.exp - claims.iat > lifeSeconds',
    replace: '',
    test: { file: serviceTest, name: 'refuses a longer life, another algorithm and a missing context' },
  },
  {
    name: 'a service does nothing without a token',
    file: 'packages/http/service-caller.ts',
    find: 'verifyServiceToken(service, secrets, now, token);',
    replace:
      'verifyServiceToken(service, secrets, now, token) ?? { context: { request_id: token, ip: null, user_agent: null, session_id: null } };',
    test: { file: edgeTest, name: 'does nothing inside for anybody without the very token of the gateway' },
  },
  {
    name: 'an access token that was taken before expires',
    file: access,
    find: 'verified === undefined || verified.exp <= seconds()',
    replace: 'verified === undefined',
    test: {
      file: 'test/tokens.test.ts',
      name: 'refuses a token of another issuer, audience, time, account or session',
    },
  },
  {
    name: 'a refresh token is of its session',
    file: 'gateway/domain/refresh-token.ts',
    find: '.update(sessionId)\n',
    replace: '',
    test: { file: 'gateway/domain/refresh-token.test.ts', name: 'differs by key, secret, session and number' },
  },
];
