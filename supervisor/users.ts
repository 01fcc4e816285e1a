// `npm run users` runs the service; with a command after it, it is the operator's way to roles on the host itself.
import { explainFailure } from './explain-failure.ts';

const [command, ...args] = process.argv.slice(2);

if (command === undefined) await import('../services/users/main.ts');
else {
  try {
    const { runUsersCommand } = await import('./users-command.ts');
    const { exitCode, text } = await runUsersCommand(command, args, process.env);
    (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
    process.exitCode = exitCode;
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`);
    process.exitCode = 1;
  }
}
