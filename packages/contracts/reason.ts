import { z } from 'zod';

/** Why an admin does something, for the audit log: 1 to 200 code points. */
export const Reason = z.string().refine((text) => {
  const { length } = Array.from(text.trim());
  return length >= 1 && length <= 200;
}, 'needs 1 to 200 characters');
