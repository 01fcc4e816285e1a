// better-auth with its twoFactor plugin as its documentation sets it up, on the packages below PEER_MODULES: passwords by
// bcrypt at a given cost, its limit of requests off.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { PEER_MODULES = '', PEER_PORT, PEER_DATABASE_URL, PEER_SECRET, PEER_COST } = process.env;
const load = createRequire(`${PEER_MODULES}/package.json`);
const { betterAuth } = load('better-auth');
const { getMigrations } = load('better-auth/db/migration');
const { toNodeHandler } = load('better-auth/node');
const { twoFactor } = load('better-auth/plugins');
const bcrypt = load('bcrypt');
const { Pool } = load('pg');

interface Verified {
  hash: string;
  password: string;
}

const auth = betterAuth({
  appName: 'peer',
  baseURL: `http://127.0.0.1:${PEER_PORT}`,
  secret: PEER_SECRET,
  database: new Pool({ connectionString: PEER_DATABASE_URL, max: 10 }),
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password: string) => bcrypt.hash(password, Number(PEER_COST)),
      verify: ({ hash, password }: Verified) => bcrypt.compare(password, hash),
    },
  },
  plugins: [twoFactor()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});

await (await getMigrations(auth.options)).runMigrations();
createServer(toNodeHandler(auth)).listen(Number(PEER_PORT), '127.0.0.1');
