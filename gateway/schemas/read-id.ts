import { z } from 'zod';

/** An id from a path, as the stores write it (RFC 9562 4: upper case is read too); undefined for what is none. */
export const readId = (text: string): string | undefined => z.uuid().safeParse(text.toLowerCase()).data;
