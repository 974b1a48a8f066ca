/**
 * The pull checks of the OCI distribution conformance suite, through the gate and directly:
 * whatever passes on the registry behind the gate has to pass through it. Needs Go and its module
 * proxy, so it is not part of `npm test`.
 *
 *   npm run conformance
 *
 * The content is pushed by the suite itself, directly to Debian's docker-registry. The result is a
 * table, and exit code 1 if a check fails through the gate that passes directly.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations } from '@lazaret/protocol';

import { startDebianRegistry } from '../packages/oci/src/testing/debian-registry.ts';
import { startInstance } from '../test/support/instance.ts';

const run = promisify(execFile);
const suite =
  'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';
const repository = 'conformance/repo1';
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
].join(', ');

const place = await mkdtemp(join(tmpdir(), 'lazaret-conformance-'));
const registry = await startDebianRegistry();
const watched = {
  ...{ name: 'lab', address: registry.host, plainHttp: true, credentials: 'none' },
  ...{ repositories: ['none/*'], pollInterval: '1d' },
};
const instance = await startInstance({
  arguments: [
    ...['--gate-listen', '127.0.0.1:0', '--gate-registry', 'lab', '--gate-anonymous'],
    // The protocol is checked, not the decisions.
    ...['--gate-wait', '0', '--gate-undecided', 'allow', '--roles', 'api,watcher,gate'],
    ...['--registries', JSON.stringify([watched])],
  ],
});
try {
  process.stderr.write('Building the suite ...\n');
  await run('go', ['install', suite], { env: { ...process.env, GOBIN: place } });
  process.stderr.write('Pushing its content ...\n');
  await check(registry.host, { OCI_API_PUSH: 'true' });
  const content = await listContent();
  const data = {
    OCI_API_PUSH: 'false',
    OCI_RO_DATA_TAGS: content.tags.join(' '),
    OCI_RO_DATA_MANIFESTS: content.manifests.join(' '),
    OCI_RO_DATA_BLOBS: content.blobs.join(' '),
    OCI_RO_DATA_REFERRERS: content.manifests.join(' '),
  };
  const direct = await check(registry.host, data);
  const gate = await check(await findGate(), data);
  process.exitCode = compare(direct, gate);
} finally {
  await instance.close();
  await registry.close();
  await rm(place, { recursive: true, force: true });
}

type Results = ReadonlyMap<string, string>;

/**
 * Runs the suite; the result of each check by its name, read from the report on standard output:
 * the files are not written for content that is only read, as the suite crashes before.
 */
async function check(address: string, settings: Readonly<Record<string, string>>) {
  const environment = {
    ...process.env,
    ...{ OCI_REGISTRY: address, OCI_TLS: 'disabled', OCI_RESULTS_DIR: join(place, 'results') },
    ...{ OCI_API_BLOBS_DELETE: 'false', OCI_API_MANIFESTS_DELETE: 'false' },
    ...{ OCI_API_TAGS_DELETE: 'false', OCI_LOG: 'error' },
    ...settings,
  };
  const how = { cwd: place, env: environment, maxBuffer: 64 * 1_024 ** 2 };
  // Its exit code is 1 when any check fails.
  const { stdout } = await run(join(place, 'conformance'), [], how).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return readResults(stdout);
}

function readResults(report: string): Results {
  const found = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const [, name = '', result = ''] of report.matchAll(
    /^ *OCI Conformance Test\/(.+): (Pass|FAIL|Skip|Disabled|Error|Unknown)$/gim,
  )) {
    // Checks of several tags or digests have one name.
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    found.set(`${name} #${count}`, result.toLowerCase());
  }
  if (found.size === 0) throw new Error(`the suite reported no checks:\n${report.slice(0, 2_000)}`);
  return found;
}

/** What the suite left in the registry. */
async function listContent() {
  const base = `http://${registry.host}/v2/${repository}`;
  const { tags } = (await (await fetch(`${base}/tags/list`)).json()) as { tags: string[] };
  const manifests = new Set<string>();
  const blobs = new Set<string>();
  const read = async (selector: string): Promise<void> => {
    const answer = await fetch(`${base}/manifests/${selector}`, {
      headers: { accept: manifestTypes },
    });
    if (!answer.ok) return;
    const digest = answer.headers.get('docker-content-digest') ?? '';
    if (manifests.has(digest)) return;
    manifests.add(digest);
    const document = (await answer.json()) as {
      manifests?: { digest: string }[];
      layers?: { digest: string; mediaType: string }[];
      config?: { digest: string };
    };
    for (const one of document.manifests ?? []) await read(one.digest);
    if (document.config !== undefined) blobs.add(document.config.digest);
    for (const { digest: layer, mediaType } of document.layers ?? []) {
      // Those are not in the registry.
      if (!mediaType.includes('nondistributable')) blobs.add(layer);
    }
  };
  for (const tag of tags) await read(tag);
  return { tags, manifests: [...manifests], blobs: [...blobs] };
}

async function findGate(): Promise<string> {
  for (;;) {
    const { items } = await instance.client.call(operations.gates.list, {});
    const [gate] = items;
    if (gate !== undefined) return gate.address;
  }
}

/** The exit code. */
function compare(direct: Results, gate: Results): number {
  const worse = [...direct].filter(
    ([name, result]) => result === 'pass' && gate.get(name) !== 'pass',
  );
  for (const [way, results] of [
    ['direct', direct],
    ['gate', gate],
  ] as const) {
    const counts = Map.groupBy(results.values(), (result) => result);
    const text = [...counts].map(([result, all]) => `${all.length} ${result}`).join(', ');
    process.stdout.write(`${way.padEnd(6)}  ${results.size} checks: ${text}\n`);
  }
  for (const [name] of worse) {
    process.stdout.write(
      `passes directly, ${gate.get(name) ?? 'missing'} through the gate: ${name}\n`,
    );
  }
  process.stdout.write(
    worse.length === 0 ? 'all that passes directly passes through the gate\n' : '',
  );
  return worse.length === 0 ? 0 : 1;
}
