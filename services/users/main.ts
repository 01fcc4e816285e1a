import { readConfig } from '@sallyport/config';
import { runPart } from '@sallyport/http';
import { UsersConfig } from './config.ts';
import { startUsers } from './start-users.ts';

await runPart('users', process.env, (env) => startUsers(readConfig(UsersConfig, env)));
