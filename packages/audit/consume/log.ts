/**
 * What a consumer tells of itself. `details` hold of an event its id, number and type, of a handler its error's message, and
 * never a token or a password.
 */
export type Log = (level: 'info' | 'warn' | 'error', says: string, details?: Record<string, unknown>) => void;

/** One JSON line a message, to stderr. */
export const logToStderr: Log = (level, says, details) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, says, ...details })}\n`);
};
