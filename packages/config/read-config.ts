import type { z } from 'zod';

/** A configuration that can't be used; the message names every wrong or missing variable, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Validates the environment against a schema whose keys are variable names.
 * An empty variable counts as missing. Values never appear in the message: they may be secrets.
 * @throws ConfigError naming all faults at once
 */
export function readConfig<Schema extends z.ZodObject>(schema: Schema, env: NodeJS.ProcessEnv): z.infer<Schema> {
  const given = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, env[name] || undefined]));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'configuration');
    const missing = given[name] === undefined && issue.code === 'invalid_type';
    return `  ${name}: ${missing ? 'is missing' : issue.message}`;
  });
  throw new ConfigError(`the configuration can't be used:\n${[...new Set(faults)].join('\n')}`);
}
