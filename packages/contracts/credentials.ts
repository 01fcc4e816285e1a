import { z } from 'zod';
import { canonicalName } from './canonical-name.ts';
import { normalForm } from './normal-form.ts';

/** A username in its canonical form. */
export const Username = z.string().transform((text, context) => {
  const name = canonicalName(text);
  if (name !== undefined) return name;
  context.addIssue({
    code: 'custom',
    message: 'needs 3 to 254 characters without white space, controls or invisible ones',
  });
  return z.NEVER;
});

const longest = 256;

/** A password that is to be stored (NIST SP 800-63B-4 section 3.1.1.2): at most 256 code points after NFKC. */
export const NewPassword = z.string().refine((text) => {
  const form = normalForm(text);
  return form !== undefined && Array.from(form).length <= longest;
}, `may have at most ${longest} characters`);
