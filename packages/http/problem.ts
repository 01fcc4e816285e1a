/** A kind of refusal: its code, status and title are one promise. */
export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** A catalogue of problems, keyed by code. */
export function defineProblems<Code extends string>(
  catalogue: Record<Code, readonly [status: number, title: string]>,
): Record<Code, Problem> {
  const entries = Object.entries<readonly [number, string]>(catalogue);
  return Object.fromEntries(entries.map(([code, [status, title]]) => [code, { code, status, title }])) as Record<
    Code,
    Problem
  >;
}

/** What any part may answer before its own work begins, and when something fails. */
export const commonProblems = defineProblems({
  'malformed-request': [400, 'The request is not valid HTTP'],
  'request-timeout': [408, 'The request came too slowly'],
  'headers-too-large': [431, 'The headers are too large'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'This method is not allowed here'],
  'unsupported-media-type': [415, 'The body must be application/json'],
  'body-too-large': [413, 'The body is too large'],
  'malformed-json': [400, 'The body is not a valid JSON object'],
  unauthenticated: [401, 'Authentication is required'],
  'invalid-request': [422, 'The request is not valid'],
  overloaded: [503, 'Too many requests are waiting'],
  unavailable: [503, 'A part of the service is away'],
  'internal-error': [500, 'Something went wrong'],
});
