import { logIn, type Person, signUpWithFactor } from './people.ts';
import type { Stack } from './stack.ts';

/** Somebody who may read the audit log, in a session with both factors. */
export async function makeAuditor(stack: Stack): Promise<Person> {
  const person = await signUpWithFactor(stack, 'auditor');
  await stack.sql(`update users.account set roles = '{audit}' where id = $1`, [person.id]);
  await logIn(stack, person);
  return person;
}
