import { AccountId } from '@sallyport/contracts';
import { z } from 'zod';

export const AccountPath = z.object({ id: AccountId });
