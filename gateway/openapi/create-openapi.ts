import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { AnswerSpec, GatewayRoute } from '../gateway-route.ts';
import { type ProblemCode, problems } from '../problems.ts';

const ProblemDetails = z
  .object({
    type: z.string().regex(/^urn:sallyport:problem:[a-z-]+$/),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** When to come back, beside every 429. */
const RetryHeaders = z.object({
  'Retry-After': z.string().regex(/^\d+$/).meta({ description: 'Seconds to wait' }),
  RateLimit: z.string().optional().meta({ description: 'What is left of a limit, and for how many seconds' }),
  'RateLimit-Policy': z.string().optional().meta({ description: 'The quota of that limit and its window in seconds' }),
});

const tags = {
  login: 'Signing up, and the two doors',
  tokens: 'Refreshing and ending a session',
  account: 'The account itself',
  'second factor': 'Enrolling, confirming and removing an authenticator',
  sessions: 'Where the account is logged in',
  audit: 'What happened, in order',
  administration: 'What admins do to accounts and addresses',
  public: 'Keys and health',
};

/** The OpenAPI 3.1 document of the route table. */
export function createOpenApi(routes: readonly GatewayRoute[], publicUrl: string) {
  const paths: ZodOpenApiPathsObject = {};
  for (const row of routes) {
    const path = row.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [row.method]: operationOf(row) };
  }
  paths['/verify'] = { get: verifyOperation };
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version: '0.1.0',
      description: 'A login with two doors: a password, then a one-time code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  });
}

function operationOf(row: GatewayRoute): ZodOpenApiOperationObject {
  const refusals = problemsOf(row);
  const statuses = [...new Set(refusals.map((code) => problems[code].status))].sort();
  return {
    operationId: `${row.method}${row.path.replace(/[/:._-]+(\w)?/g, (_match, letter = '') => letter.toUpperCase())}`,
    summary: row.summary,
    tags: [row.tag],
    security: securityOf(row),
    ...(row.params || row.query
      ? {
          requestParams: {
            ...(row.params ? { path: row.params as z.ZodObject } : {}),
            ...(row.query ? { query: row.query as z.ZodObject } : {}),
          },
        }
      : {}),
    ...(row.body ? { requestBody: { content: { 'application/json': { schema: row.body } } } } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(row.answers).map(([status, spec]) => [status, answerOf(spec)])),
      ...Object.fromEntries(statuses.map((status) => [String(status), refusalOf(status, refusals)])),
    },
  };
}

/** What a route may refuse with: its own problems, and those of the steps before its handler. */
function problemsOf(row: GatewayRoute): ProblemCode[] {
  const takesInput = row.body ?? row.params ?? row.query;
  return [
    ...(row.problems ?? []),
    ...(row.evenBlocked ? [] : (['address-blocked'] as const)),
    ...(row.access === 'bearer' ? (['unauthenticated', 'enrolment-required'] as const) : []),
    ...(row.roles || row.notForRequiredRoles ? (['forbidden'] as const) : []),
    ...(row.fresh ? (['reauthentication-required'] as const) : []),
    ...(row.guesses ? (['too-many-attempts'] as const) : []),
    ...(takesInput ? (['invalid-request'] as const) : []),
    ...(row.tag === 'public' ? [] : (['unavailable', 'overloaded'] as const)),
    'unsupported-media-type',
    'body-too-large',
    'malformed-json',
  ];
}

function securityOf(row: GatewayRoute): Record<string, string[]>[] {
  if (row.access === 'public') return [];
  return row.access === 'bearer' ? [{ bearer: [] }] : [{ bearer: [] }, {}];
}

function answerOf({ description, schema, media }: AnswerSpec) {
  if (!schema && !media) return { description };
  return {
    description,
    content: {
      ...(schema ? { 'application/json': { schema } } : {}),
      ...Object.fromEntries((media ?? []).map((type) => [type, {}])),
    },
  };
}

function refusalOf(status: number, codes: readonly ProblemCode[]) {
  const described = codes.filter((code) => problems[code].status === status).map((code) => `\`${code}\``);
  return {
    description: [...new Set(described)].join(', '),
    ...(status === 429 ? { headers: RetryHeaders } : {}),
    content: { 'application/problem+json': { schema: ProblemDetails } },
  };
}

const verifyOperation: ZodOpenApiOperationObject = {
  operationId: 'verify',
  summary: 'Forward authentication, for any method and any path below',
  tags: ['tokens'],
  security: [{ bearer: [] }],
  responses: {
    200: { description: 'A live session; X-Auth-User-Id, X-Auth-Username, X-Auth-Roles and X-Auth-Amr say whose' },
    401: refusalOf(401, ['unauthenticated']),
    403: refusalOf(403, ['address-blocked', 'enrolment-required']),
    503: refusalOf(503, ['unavailable']),
  },
};
