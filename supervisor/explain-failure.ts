import { ConfigError } from '@sallyport/config';
import { StartError } from './start-error.ts';

/** What to print about an error that ends the process: a sentence where one explains it, else all there is to know. */
export function explainFailure(error: unknown): string {
  if (error instanceof StartError || error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
