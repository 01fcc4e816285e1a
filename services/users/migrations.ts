import { fileURLToPath } from 'node:url';
import type { Migrations } from '@sallyport/postgres';

export const usersMigrations: Migrations = {
  schema: 'users',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
