/** TLS, client certificates, proxies, and layers outside the registry. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { buildImage } from '@lazaret/analysis/testing';
import type { FakeRegistry, FakeRegistryOptions } from '../../testing/fake-registry.ts';
import {
  buildSample,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from '@lazaret/analysis/testing';
import type { Lookup } from './public-lookup.ts';
import type { NetworkOptions } from './transport.ts';

const harness = useRegistryHarness();

async function prepare(options: Partial<FakeRegistryOptions> = {}): Promise<FakeRegistry> {
  const registry = await harness.start({ tls: true, ...options });
  registry.store.putImage('app', 'latest', await buildSample());
  return registry;
}

async function list(host: string, network: NetworkOptions): Promise<number> {
  const { images } = await harness.open(`${host}/app`, { network }).list('default');
  return (await digestLayers(firstImage(images))).length;
}

const tls = (registry: FakeRegistry): NetworkOptions => ({
  certificates: { [registry.host]: { ca: [registry.certificates?.ca ?? ''] } },
});

test('a certificate of an unknown authority is refused, with a remedy', async () => {
  const registry = await prepare();
  const other = await prepare();
  await expect(list(registry.host, tlsOf(registry, other))).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/: certificate/),
  });
  expect(harness.clock.waits).toEqual([]);
});

test('a certificate authority for one host or for all hosts is trusted', async () => {
  const registry = await prepare();
  expect(await list(registry.host, tls(registry))).toBe(2);
  const host = registry.host.replace('127.0.0.1', 'localhost');
  const ca = [registry.certificates?.ca ?? ''];
  expect(await list(host, { ca, certificates: { [host]: { ca } } })).toBe(2);
});

test('unverified TLS is used for listed hosts only', async () => {
  const registry = await prepare();
  expect(await list(registry.host, { skipVerifyHosts: [registry.host] })).toBe(2);
  registry.faults.on('redirect-elsewhere');
  const network = { skipVerifyHosts: [registry.host], privateHosts: ['localhost'] };
  await expect(list(registry.host, network)).rejects.toMatchObject({ code: 'unreachable' });
});

test("certificates are found in Docker's layout, including client certificates", async () => {
  const registry = await prepare({ clientCertificates: true });
  const directory = await mkdtemp(join(tmpdir(), 'certs-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const place = join(directory, registry.host);
  await mkdir(place);
  const { ca = '', client } = registry.certificates ?? {};
  await writeFile(join(place, 'ca.crt'), ca);
  const network = { certificateDirectories: [directory] };
  await expect(list(registry.host, network)).rejects.toMatchObject({ code: 'unreachable' });
  await writeFile(join(place, 'client.cert'), client?.cert ?? '');
  await expect(list(registry.host, network)).rejects.toMatchObject({
    message: expect.stringContaining('client.key'),
  });
  await writeFile(join(place, 'client.key'), client?.key ?? '');
  expect(await list(registry.host, network)).toBe(2);
});

test('plain HTTP is used with listed hosts only', async () => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample());
  const proxy = await startProxy(registry);
  const settings = { http: proxy.url, https: proxy.url };
  await expect(list('registry.lab', { proxy: settings })).rejects.toMatchObject({
    code: 'unreachable',
  });
  expect(registry.requests).toEqual([]);
  const network = { proxy: settings, plainHttpHosts: ['registry.lab'] };
  expect(await list('registry.lab', network)).toBe(2);
  expect(proxy.seen).toContain('GET registry.lab');
});

test('TLS is tunneled through a proxy, with credentials for the proxy', async () => {
  const registry = await prepare({ names: ['registry.lab'] });
  const proxy = await startProxy(registry);
  const network = {
    proxy: { https: proxy.url.replace('http://', 'http://ana:secret@') },
    ca: [registry.certificates?.ca ?? ''],
  };
  expect(await list('registry.lab', network)).toBe(2);
  expect(proxy.seen[0]).toBe('CONNECT registry.lab:443');
  expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from('ana:secret').toString('base64')}`);
  const none = { ...network, proxy: { ...network.proxy, none: 'lab' } };
  const before = proxy.seen.length;
  await expect(list('registry.lab', none)).rejects.toMatchObject({ code: 'unreachable' });
  expect(proxy.seen).toHaveLength(before);
});

test.each(['localhost', '127.0.0.1', '[::1]', '[::ffff:7f00:1]', '0x7f.1', '2130706433'])(
  'a registry cannot redirect to the private address %s',
  async (name) => {
    const inside = await harness.start();
    const port = inside.host.split(':')[1];
    const realm = `https://${name}:${port}/token`;
    const registry = await harness.start({
      access: { mode: 'token', realm },
      address: '127.0.0.2',
    });
    registry.store.putImage('app', 'latest', await buildSample());
    await expect(list(registry.host, {})).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('private address'),
    });
    expect(inside.requests).toEqual([]);
  },
);

test('an unknown host name is reported, of the registry and of a redirect', async () => {
  const realm = 'https://tokens.invalid/token';
  const registry = await harness.start({ access: { mode: 'token', realm } });
  for (const host of [registry.host, 'images.invalid']) {
    await expect(list(host, {})).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/invalid.*(ENOTFOUND|EAI_AGAIN)/),
    });
  }
});

test('a name is refused when one of its addresses is private', async () => {
  const asked: string[] = [];
  const answers = new Map([
    ['images.lab', ['127.0.0.1']],
    ['half.elsewhere.invalid', ['192.0.2.1', '10.0.0.1']],
    ['own.elsewhere.invalid', ['127.0.0.1']],
  ]);
  const resolve: Lookup = (hostname, options, callback) => {
    asked.push(hostname);
    const found = (answers.get(hostname) ?? []).map((address) => ({ address, family: 4 }));
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? '', 4);
  };
  for (const name of ['half.elsewhere.invalid', 'own.elsewhere.invalid']) {
    const realm = `https://${name}/token`;
    const registry = await harness.start({ access: { mode: 'token', realm } });
    const host = registry.host.replace('127.0.0.1', 'images.lab');
    const network = { lookup: resolve, plainHttpHosts: [host] };
    await expect(list(host, network)).rejects.toMatchObject({
      message: expect.stringContaining('private address'),
    });
  }
  expect(new Set(asked)).toEqual(new Set(answers.keys()));
});

test('a foreign layer is fetched from an allowed host, and only from there', async () => {
  const elsewhere = await prepare();
  const registry = await harness.start();
  const plain = await buildSample();
  const [layer] = plain.layers;
  const { host } = elsewhere;
  elsewhere.store.putBlob(layer?.stored ?? Buffer.alloc(0));
  const url = (scheme: string): string => `${scheme}://${host}/v2/x/blobs/${layer?.digest}`;
  const build = (urls: readonly string[]) =>
    buildImage({
      layers: [
        {
          tar: layer?.tar ?? Buffer.alloc(0),
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          missing: true,
          descriptor: { urls },
        },
      ],
    });
  registry.store.putImage('app', 'https', await build([url('http'), url('https')]));
  registry.store.putImage('app', 'http', await build([url('http')]));
  const open = async (tag: string, options: object) => {
    const source = harness.open(`${registry.host}/app:${tag}`, options);
    return firstImage((await source.list('default')).images);
  };
  const network = { ...tls(elsewhere), privateHosts: [host] };
  const allowed = await open('https', { network, foreignHosts: [host] });
  expect(await digestLayers(allowed)).toEqual([layer?.digest]);
  expect(elsewhere.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  for (const [tag, hosts] of [
    ['https', []],
    ['http', [host]],
  ] as const) {
    const image = await open(tag, { network, foreignHosts: hosts });
    expect(image.layers[0]?.unavailable).toMatchObject({ reason: 'foreign' });
    await expect(image.layers[0]?.open()).rejects.toMatchObject({ code: 'unsupported' });
  }
  const inside = await open('https', { network: tls(elsewhere), foreignHosts: [host] });
  await expect(inside.layers[0]?.open()).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('private address'),
  });
});

test('a foreign layer that the registry stores is read from there', async () => {
  const registry = await harness.start();
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
  const built = await buildImage({ layers: [{ entries: [], mediaType }] });
  registry.store.putImage('app', 'latest', built);
  const { images } = await harness.open(`${registry.host}/app`).list('default');
  expect(await digestLayers(firstImage(images))).toEqual([built.layers[0]?.digest]);
});

function tlsOf(registry: FakeRegistry, other: FakeRegistry): NetworkOptions {
  return { certificates: { [registry.host]: { ca: [other.certificates?.ca ?? ''] } } };
}

interface Proxy {
  readonly url: string;
  readonly seen: string[];
  readonly credentials: (string | undefined)[];
}

/** A proxy that forwards and tunnels every host to the fake registry. */
async function startProxy(registry: FakeRegistry): Promise<Proxy> {
  const seen: string[] = [];
  const credentials: (string | undefined)[] = [];
  const [, port = ''] = registry.host.split(':');
  const target = { host: '127.0.0.1', port: Number(port) };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '');
    seen.push(`${request.method} ${url.host}`);
    const { method = 'GET', headers } = request;
    const path = `${url.pathname}${url.search}`;
    const onward = httpRequest({ ...target, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    credentials.push(request.headers['proxy-authorization']);
    const onward = connect(target, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, credentials };
}
