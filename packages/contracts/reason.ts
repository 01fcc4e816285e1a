import { z } from 'zod';

/** Why an admin does something, for the audit log: 1 to 200 code points without controls. */
export const Reason = z.string().refine((text) => {
  const { length } = Array.from(text.trim());
  return length >= 1 && length <= 200 && !/\p{Cc}/u.test(text);
}, 'needs 1 to 200 characters without controls');
