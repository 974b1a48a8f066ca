import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { anyAnswer, createDockerClient, type DockerEndpoint, dockerLimits } from '@lazaret/docker';
import { Problem } from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import { createEngineProxy, joinEngine } from './testing/engine-proxy.ts';
import type { EngineProxy } from './testing/engine-proxy.ts';
import type { Executor } from './executor.ts';
import { createProbeImage } from './testing/probe-image.ts';
import type { ProbeImage } from './testing/probe-image.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function open(address: string, tls?: DockerEndpoint['tls']): Executor {
  const executor = createDockerExecutor({ address, now: Date.now, ...(tls ? { tls } : {}) });
  closers.push(() => executor.close());
  return executor;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function proxy(): Promise<EngineProxy> {
  const created = await createEngineProxy();
  closers.push(() => created.close());
  return created;
}

describe('an engine that cannot be reached', () => {
  test.each(['unix:///tmp/lazaret-no-such.sock', 'tcp://127.0.0.1:1'])('at %s', async (address) => {
    const error = { code: 'unreachable', isUnreachable: true };
    await expect(open(address).probe()).rejects.toMatchObject(error);
    await expect(open(address).wait('a'.repeat(64))).rejects.toMatchObject(error);
  });

  test('because it accepts connections and never answers', async () => {
    const port = await listen(createServer());
    const executor = open(`tcp://127.0.0.1:${port}`);
    const error = { code: 'deadline', isUnreachable: true };
    await expect(executor.probe()).rejects.toMatchObject(error);
  });

  test('and the wait ends with the time limit of the caller', async () => {
    const port = await listen(createServer());
    const signal = AbortSignal.timeout(50);
    const probe = open(`tcp://127.0.0.1:${port}`).probe({ signal });
    await expect(probe).rejects.toMatchObject({ code: 'aborted', isUnreachable: false });
  });

  test('until it is back', async () => {
    let up = false;
    const server = createServer((socket) => (up ? joinEngine(socket) : void socket.destroy()));
    const port = await listen(server);
    const executor = open(`tcp://127.0.0.1:${port}`);
    await expect(executor.probe()).rejects.toMatchObject({ code: 'unreachable' });
    up = true;
    expect(await executor.probe()).toMatchObject({
      apiVersion: expect.stringMatching(/^1\.\d\d$/),
    });
  });

  test.each([
    'npipe:////./pipe/docker',
    'tcp://',
    'http://host',
    'tcp://host/path',
    'unix://relative',
  ])('because %s is not a valid address', (address) => {
    expect(() => open(address)).toThrow(Problem);
  });
});

describe('invalid answers', () => {
  async function serve(respond: RequestListener): Promise<Executor> {
    const port = await listen(createHttpServer(respond));
    return open(`tcp://127.0.0.1:${port}`);
  }
  const version =
    (from: string, to: string): RequestListener =>
    (_, response) =>
      response.end(JSON.stringify({ ApiVersion: to, MinAPIVersion: from }));

  test('too old', async () => {
    const executor = await serve(version('1.12', '1.40'));
    await expect(executor.list({})).rejects.toMatchObject({ code: 'incompatible' });
  });

  test('too new', async () => {
    const executor = await serve(version('1.90', '1.99'));
    await expect(executor.list({})).rejects.toMatchObject({ code: 'incompatible' });
  });

  test('newer than known, but compatible', async () => {
    const paths: string[] = [];
    const executor = await serve((request, response) => {
      paths.push(request.url ?? '');
      const answer = paths.length === 1 ? { ApiVersion: '1.99', MinAPIVersion: '1.44' } : [];
      response.end(JSON.stringify(answer));
    });
    expect(await executor.list({})).toEqual([]);
    expect(paths[1]).toMatch(/^\/v1\.51\/containers\/json\?/);
  });

  test('HTML of a proxy, with an error status', async () => {
    const executor = await serve((_, response) => response.writeHead(502).end('<html>no</html>'));
    const error = { code: 'refused', status: 502, message: expect.stringContaining('<html>no') };
    await expect(executor.probe()).rejects.toMatchObject(error);
  });

  test('HTML of a proxy, with a success status', async () => {
    const executor = await serve((_, response) => response.end('<html>login</html>'));
    await expect(executor.probe()).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('JSON of another API', async () => {
    const executor = await serve((_, response) => response.end('{"version":2}'));
    await expect(executor.probe()).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('endless', async () => {
    const executor = await serve((_, response) => {
      const chunk = 'x'.repeat(1_000_000);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(executor.probe()).rejects.toMatchObject({ code: 'bad_answer' });
  });

  test('truncated', async () => {
    const executor = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"ApiVersion":');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(executor.probe()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a connection that breaks', () => {
  let image: ProbeImage;
  beforeAll(async () => {
    image = await createProbeImage();
  });
  afterAll(async () => {
    await image.remove();
  });

  test('while a log is followed is reported, and the log resumes from there', async () => {
    const { address, cut } = await proxy();
    const executor = open(address);
    const script = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; sleep 0.02; done';
    const { containerId } = await executor.create(image.spec(script));
    await executor.start(containerId);
    let log = '';
    let after: string | undefined;
    const follow = (times: number): Promise<void> =>
      executor.followLogs(containerId, {
        ...(after === undefined ? {} : { after }),
        onChunk: ({ bytes, position }) => {
          log += Buffer.from(bytes).toString();
          after = position;
          if (log.split('\n').length > times) cut();
        },
      });
    await expect(follow(5)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(follow(20)).rejects.toMatchObject({ code: 'unreachable' });
    await follow(Number.POSITIVE_INFINITY);
    expect(log).toBe(Array.from({ length: 40 }, (_, index) => `${index + 1}\n`).join(''));
  });

  test('while waiting for the end is retried', async () => {
    const { address, cut } = await proxy();
    const executor = open(address);
    const { containerId } = await executor.create(image.spec('sleep 0.6; exit 4'));
    await executor.start(containerId);
    const waited = executor.wait(containerId);
    setTimeout(cut, 150);
    expect(await waited).toMatchObject({ exitCode: 4 });
  });

  test('while results are collected is not a complete collection', async () => {
    const { address, cut } = await proxy();
    const executor = open(address);
    const spec = image.spec('head -c 7000000 /dev/zero > /out/large');
    const { containerId } = await executor.create(spec);
    await executor.putInputs(containerId, { spec, files: [] });
    await executor.start(containerId);
    await executor.wait(containerId);
    const bounds = {
      entries: 9,
      totalBytes: 1e8,
      entryBytes: 1e8,
      pathBytes: 999,
      paxBytes: 9_999,
    };
    const collect = async (): Promise<void> => {
      for await (const entry of executor.collect(containerId, { path: '/out', limits: bounds })) {
        for await (const _ of entry.content) cut();
      }
    };
    await expect(collect()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('TLS', () => {
  let directory = '';
  let tls: { key: string; cert: string };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lazaret-tls-'));
    const key = join(directory, 'key.pem');
    const cert = join(directory, 'cert.pem');
    const subject = ['-subj', '/CN=engine.test', '-addext', 'subjectAltName=DNS:engine.test'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await promisify(execFile)('openssl', [...made, ...subject, '-keyout', key, '-out', cert]);
    tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function serveTls(): Promise<string> {
    const options = { ...tls, ca: tls.cert, requestCert: true, rejectUnauthorized: true };
    const server = createTlsServer(options, joinEngine);
    return `tcp://127.0.0.1:${await listen(server)}`;
  }

  test('with both certificates reaches the engine', async () => {
    const executor = open(await serveTls(), { ...tls, ca: tls.cert, serverName: 'engine.test' });
    expect(await executor.probe()).toMatchObject({ apiVersion: expect.any(String) });
  });

  test.each([
    ['of an unknown authority', () => ({ ...tls, serverName: 'engine.test' })],
    ['of another name', () => ({ ...tls, ca: tls.cert })],
    ['without a client certificate', () => ({ ca: tls.cert, serverName: 'engine.test' })],
  ])('with a certificate %s does not', async (_, given) => {
    const probe = open(await serveTls(), given()).probe();
    await expect(probe).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('calls', () => {
  test('are limited, while streams are not affected', async () => {
    let open = 0;
    let most = 0;
    const server = createHttpServer((request, response) => {
      if (request.url === '/version') {
        response.end(JSON.stringify({ ApiVersion: '1.41' }));
        return;
      }
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        response.end('{}');
      }, 20);
    });
    const port = await listen(server);
    const api = createDockerClient({ address: `tcp://127.0.0.1:${port}` });
    closers.push(() => api.close());
    const call = (): Promise<unknown> => api.call({ method: 'GET', path: '/info' }, anyAnswer);
    await Promise.all(Array.from({ length: 200 }, call));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(dockerLimits.callsPerNode);
  });
});
