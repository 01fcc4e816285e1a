import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-servers.ts';
import { createServerFolder, findUnprivilegedOwner } from './server-folder.ts';

export const opensslMissing: string | false = findProgram('openssl') ? false : 'openssl is not installed';

export type Certificate = { cert: string; key: string };

export type Authority = Disposable & {
  /** The path of its own certificate. */
  ca: string;
  /** Paths of a certificate and its key, readable by servers that refuse root: for a host, or for who is called `name`. */
  issue(name: string, hosts?: string): Certificate;
};

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** A certificate authority of the test's own. */
export function createAuthority(): Authority {
  const owner = findUnprivilegedOwner();
  const folder = createServerFolder('certificates', owner);
  const openssl = findProgram('openssl') ?? 'openssl';
  let count = 0;

  function make(name: string, more: readonly string[]): Certificate {
    count += 1;
    const [cert, keyFile] = [join(folder, `${count}.pem`), join(folder, `${count}.key`)];
    const out = ['-subj', `/CN=${name}`, '-out', cert, '-keyout', keyFile];
    execFileSync(openssl, ['req', '-x509', ...key, ...out, ...more], { cwd: folder, stdio: 'pipe', ...owner });
    return { cert, key: keyFile };
  }

  const root = make('test authority', ['-addext', 'keyUsage=critical,keyCertSign']);
  return {
    ca: root.cert,
    issue: (name, hosts = `DNS:${name}`) =>
      make(name, [
        ...['-CA', root.cert, '-CAkey', root.key],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${hosts}`],
      ]),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
