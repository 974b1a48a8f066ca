/** Starts Debian's `docker-registry` (CNCF Distribution) for tests. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface DebianRegistry {
  /** `127.0.0.1:4711`. */
  readonly host: string;
  /** Of its process now. */
  readonly pid: number;
  /** Removes what no manifest names: stop, `garbage-collect`, start at the same address. */
  collectGarbage(): Promise<void>;
  close(): Promise<void>;
}

export interface DebianRegistryOptions {
  /** Lines of an htpasswd file, with bcrypt. */
  readonly htpasswd?: string;
  /** Reports every change to this address. */
  readonly notifications?: {
    readonly url: string;
    readonly headers: Readonly<Record<string, readonly string[]>>;
  };
  /** `127.0.0.1:4711`, for what refers to it before it is started; any free port unless given. */
  readonly address?: string;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whether manifests can be deleted; true unless given. */
  readonly deletes?: boolean;
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
  const { htpasswd, tls, notifications, address = '127.0.0.1:0' } = options;
  const configuration = {
    version: '0.1',
    log: { level: 'info' },
    storage: {
      filesystem: { rootdirectory: join(place, 'data') },
      delete: { enabled: options.deletes ?? true },
    },
    http: {
      addr: address,
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
    ...(notifications === undefined
      ? {}
      : { notifications: { endpoints: [describeEndpoint(notifications)] } }),
  };
  // JSON is YAML.
  const file = await write('config.yml', JSON.stringify(configuration));
  let server = startServer(file);
  const close = async (): Promise<void> => {
    await server.stop();
    await rm(place, { recursive: true, force: true });
  };
  try {
    const host = await readAddress(server.child);
    const collectGarbage = async (): Promise<void> => {
      await server.stop();
      await promisify(execFile)('docker-registry', ['garbage-collect', file]);
      const http = { ...configuration.http, addr: host };
      server = startServer(await write('again.yml', JSON.stringify({ ...configuration, http })));
      await readAddress(server.child);
    };
    return {
      host,
      get pid() {
        return server.child.pid ?? 0;
      },
      collectGarbage,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function describeEndpoint({ url, headers }: NonNullable<DebianRegistryOptions['notifications']>) {
  return { name: 'lazaret', url, headers, timeout: '5s', threshold: 3, backoff: '200ms' };
}

function startServer(file: string) {
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, stop };
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
