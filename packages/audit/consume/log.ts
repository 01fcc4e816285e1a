/** What a consumer tells of itself. `details` never hold an event's content, a token or a password. */
export type Log = (level: 'info' | 'warn' | 'error', says: string, details?: Record<string, unknown>) => void;

/** One JSON line a message, to stderr. */
export const logToStderr: Log = (level, says, details) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, says, ...details })}\n`);
};
