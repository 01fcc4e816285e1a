import { Unavailable } from '@sallyport/contracts';

/** Why a database can't be used, in words that hold no secret. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Unavailable ? error.cause : error;
  if (!(cause instanceof Error)) return 'it does not answer';
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause.message || ('code' in cause ? String(cause.code) : 'it does not answer');
}
