import { createLogger } from '@sallyport/logger';
import { checkEnvironment } from './check-environment.ts';
import { explainFailure } from './explain-failure.ts';
import { type Killable, supervise } from './supervise.ts';

/** Runs until stopped; a start that fails is explained on stderr, and ends the process with 1. */
export async function run(env: NodeJS.ProcessEnv, stop: AbortSignal, processes: Set<Killable>): Promise<void> {
  try {
    const config = checkEnvironment(env);
    const logger = createLogger('supervisor', config.logLevel);
    await supervise(config, {
      env,
      stop,
      processes,
      print: (text) => process.stdout.write(text),
      log: (message) => logger.warn(message),
      forward: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`);
    process.exitCode = 1;
  }
}
