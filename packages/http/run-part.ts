/** A part that serves: where, and how to stop it. */
export interface RunningPart {
  name: string;
  url: string;
  opsUrl: string;
  close(): Promise<void>;
}

/**
 * Runs a part as a process: prints the ready line, stops gracefully on SIGTERM or SIGINT (or when stdin ends, where
 * a supervisor asks for that), and says in one sentence why it can't start. Exit 0 after a stop, 1 after a failure.
 */
export async function runPart(
  name: string,
  env: NodeJS.ProcessEnv,
  start: (env: NodeJS.ProcessEnv) => Promise<RunningPart>,
): Promise<void> {
  let part: RunningPart;
  try {
    part = await start(env);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${sentence.startsWith(name) ? sentence : `${name}: ${sentence}`}\n`);
    process.exit(1);
  }
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    try {
      await part.close();
      process.exit(0);
    } catch (error) {
      process.stderr.write(`${name}: stopping failed: ${String(error)}\n`);
      process.exit(1);
    }
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  if (env.SALLYPORT_STOP_ON_STDIN_END === '1') process.stdin.resume().once('end', stop).once('error', stop);
  // What starting has left is given back before anybody waits; without --expose-gc it stays.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.stdout.write(`${name} is ready ${part.url} ops ${part.opsUrl}\n`);
}
