import { fileURLToPath } from 'node:url';
import type { Migrations } from '@sallyport/postgres';

export const gatewayMigrations: Migrations = {
  schema: 'gateway',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
