import { fileURLToPath } from 'node:url';
import type { Migrations } from '@sallyport/postgres';

export const otpMigrations: Migrations = {
  schema: 'otp',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
