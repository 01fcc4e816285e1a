import { createSecret, generateKeys } from './generate-keys.ts';

/** The text of a `.env` for docker-compose.yml, every secret fresh. */
export function createEnvFile(): string {
  const variables = {
    PUBLIC_URL: 'http://localhost:8080',
    ...generateKeys(),
    REDIS_PASSWORD: createSecret(),
    RABBITMQ_PASSWORD: createSecret(),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return [
    '# The settings of docker-compose.yml. Keep this file: without its keys no password, factor or token works.',
    '# PUBLIC_URL is what clients call: the issuer of tokens and the base of links.',
    ...lines,
    '',
  ].join('\n');
}
