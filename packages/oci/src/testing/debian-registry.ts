/** Starts Debian's `docker-registry` (CNCF Distribution) for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DebianRegistry {
  /** `127.0.0.1:4711`. */
  readonly host: string;
  close(): Promise<void>;
}

export interface DebianRegistryOptions {
  /** Lines of an htpasswd file, with bcrypt. */
  readonly htpasswd?: string;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Waits until it listens; `close` removes its files. */
export async function startDebianRegistry(
  options: DebianRegistryOptions = {},
): Promise<DebianRegistry> {
  const place = await mkdtemp(join(tmpdir(), 'debian-registry-'));
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(place, name);
    await writeFile(path, text);
    return path;
  };
  const { htpasswd, tls } = options;
  const configuration = {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(place, 'data') }, delete: { enabled: true } },
    http: {
      addr: '127.0.0.1:0',
      secret: 'of a test',
      ...(tls === undefined
        ? {}
        : {
            tls: {
              certificate: await write('server.crt', tls.cert),
              key: await write('server.key', tls.key),
            },
          }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'lab', path: await write('htpasswd', htpasswd) } } }),
  };
  // JSON is YAML.
  const file = await write('config.yml', JSON.stringify(configuration));
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(place, { recursive: true, force: true });
  };
  try {
    return { host: await readAddress(child), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads the address from its log, since the port is dynamic. */
function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('error', reject);
    child.stderr?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-64_000);
      const [, address] = /listening on (127\.0\.0\.1:\d+)/.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.stderr?.once('end', () => reject(new Error(`docker-registry did not start: ${text}`)));
  });
}
