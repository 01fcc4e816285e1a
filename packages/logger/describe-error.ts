const longest = 8_000;
const deepest = 3;

/**
 * What a log tells of an error: its name, code, message, stack and causes, cut. Nothing else that hangs on it: the
 * `detail` of PostgreSQL quotes the whole row that it refused, hashes and names included.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return cut(String(error));
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? cut(String(error.code)) : undefined;
  const why = cause === undefined || depth === deepest ? undefined : describeError(cause, depth + 1);
  return { type: name, error_code: code, message: cut(message), stack: stack && cut(stack), cause: why };
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)} (cut)` : text;
}
