// Not in the quick check: images are pulled over TLS.
/** The origin of an image, the proof of its name, and mirrors that return wrong bytes. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { inspectionReport, type InspectionReport } from '@lazaret/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { ImageSource } from '@lazaret/oci';
import type { BuiltImage } from '../testing/image-builder.ts';
import type { FakeRegistry } from '@lazaret/oci/testing';
import { issueCertificates } from '@lazaret/oci/testing';
import type { RegistryFault } from '@lazaret/oci/testing';
import { buildSample, useRegistryHarness } from '../testing/registry-harness.ts';
import { inspect } from './inspect.ts';

const harness = useRegistryHarness();

async function start(tls = false): Promise<{ registry: FakeRegistry; built: BuiltImage }> {
  const registry = await harness.start({ tls });
  const built = await buildSample();
  registry.store.putImage('app', '1', built);
  return { registry, built };
}

/** With the diagnostics of the source only. */
async function report(source: ImageSource, parallel = 0): Promise<InspectionReport> {
  const [one] = await inspect(source, {
    toolVersion: '1',
    now: () => 0,
    parallel,
    platform: 'all',
  });
  const { diagnostics, ...rest } = inspectionReport.parse(one);
  return { ...rest, diagnostics: diagnostics.filter(({ by }) => by === 'source') };
}

const reasons = ({ diagnostics }: InspectionReport): string[] =>
  diagnostics.map(({ reason }) => reason);

describe('the proof of an image name', () => {
  test('is a verified certificate, without a warning', async () => {
    const { registry } = await start(true);
    const { ca = '' } = registry.certificates ?? {};
    const network = { certificates: { [registry.host]: { ca: [ca] } } };
    const { source } = await report(harness.open(`${registry.host}/app:1`, { network }));
    expect(source).toEqual({
      kind: 'registry',
      reference: `${registry.host}/app:1`,
      resolved: { by: registry.host, transport: 'tls', proof: 'certificate' },
    });
  });

  test.each([
    ['plain-http', false, 'over plain HTTP'],
    ['unverified-tls', true, 'without certificate verification'],
  ] as const)(
    'is missing for a tag over %s; a digest proves itself',
    async (transport, tls, how) => {
      const { registry, built } = await start(tls);
      const network = { skipVerifyHosts: tls ? [registry.host] : [] };
      const byTag = await report(harness.open(`${registry.host}/app:1`, { network }));
      expect(byTag).toMatchObject({
        source: { resolved: { by: registry.host, transport, proof: 'none' } },
        diagnostics: [{ reason: 'unproven_name', digest: built.descriptor.digest }],
      });
      expect(byTag.diagnostics[0]?.detail).toContain(how);
      const pinned = `${registry.host}/app:1@${built.descriptor.digest}`;
      const byDigest = await report(harness.open(pinned, { network }));
      expect(byDigest).toMatchObject({
        source: { resolved: { transport, proof: 'digest' } },
        diagnostics: [{ reason: 'unverified_transport' }],
      });
      expect(byDigest.fingerprint).not.toBe(byTag.fingerprint);
    },
  );

  test('is weakened by a redirect over a weaker connection', async () => {
    const { registry } = await start();
    const { ca, server } = issueCertificates(['127.0.0.1']);
    const guard = createServer(server, (request, response) => {
      response.writeHead(307, { location: `http://${registry.host}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => guard.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void guard.close());
    const host = `127.0.0.1:${(guard.address() as AddressInfo).port}`;
    const network = {
      certificates: { [host]: { ca: [ca] } },
      plainHttpHosts: [registry.host],
      privateHosts: [registry.host],
    };
    const { source } = await report(harness.open(`${host}/app:1`, { network }));
    expect(source.resolved).toEqual({ by: host, transport: 'plain-http', proof: 'none' });
  });

  test('names the mirror that resolved a tag', async () => {
    const { registry } = await start(true);
    const mirror = await start(true);
    const network = { skipVerifyHosts: [registry.host, mirror.registry.host] };
    const mirrors = { [registry.host]: [mirror.registry.host] };
    const { source, diagnostics } = await report(
      harness.open(`${registry.host}/app:1`, { network, mirrors }),
    );
    expect(source.resolved?.by).toBe(mirror.registry.host);
    expect(diagnostics).toMatchObject([
      { reason: 'named_by_mirror', detail: expect.stringContaining(mirror.registry.host) },
      { reason: 'unproven_name' },
    ]);
  });
});

describe('a mirror', () => {
  /** The fault starts after the image was listed. */
  async function openFaulty(fault: RegistryFault | 'other-bytes') {
    const { registry, built } = await start();
    const { registry: mirror } = await start();
    const source = harness.open(`${registry.host}/app:1`, {
      mirrors: { [registry.host]: [mirror.host] },
      network: { idleMs: 200 },
    });
    const faulty: ImageSource = {
      ...source,
      async list(choice) {
        const listing = await source.list(choice);
        if (fault !== 'other-bytes') mirror.faults.on(fault);
        else {
          const [{ digest = '', stored = Buffer.alloc(0) } = {}] = built.layers;
          mirror.store.blobs.set(digest, Buffer.alloc(stored.length, 'no gzip'));
        }
        return listing;
      },
    };
    return { registry, mirror, built, source: faulty };
  }

  const faults = [
    ...(['other-bytes', 'digest-mismatch', 'truncated-body', 'short-body'] as const),
    ...(['wrong-length', 'flapping', 'redirect-inside'] as const),
  ];
  test.each(faults)('with the fault %s is reported, and the registry is used', async (fault) => {
    const { registry, mirror, built, source } = await openFaulty(fault);
    const found = await report(source);
    expect(found.layers.map(({ digest, state }) => [digest, state])).toEqual(
      built.layers.map(({ digest }) => [digest, 'examined']),
    );
    expect(found.coverage).toMatchObject({ gaps: [], layers: { missing: 0 } });
    expect(reasons(found)).toContain('mirror_fault');
    expect(found.diagnostics.at(-1)?.detail).toContain(`the mirror ${mirror.host} was disabled`);
    expect(registry.requests.some(({ path }) => path.includes('/blobs/'))).toBe(true);
    const sound = await report(harness.open(`${registry.host}/app:1`));
    expect(found.fingerprint).toBe(sound.fingerprint);
  });

  test('with wrong bytes is detected in worker threads as well', async () => {
    const { source } = await openFaulty('digest-mismatch');
    const found = await report(source, 2);
    expect(found.coverage.layers).toMatchObject({ examined: 2, missing: 0 });
    expect(reasons(found)).toContain('mirror_fault');
  });

  test('is not reported when the registry sends wrong bytes too', async () => {
    const { registry, source } = await openFaulty('digest-mismatch');
    const listed: ImageSource = {
      ...source,
      async list(choice) {
        const listing = await source.list(choice);
        registry.faults.on('digest-mismatch');
        return listing;
      },
    };
    const found = await report(listed);
    expect(found.coverage.layers).toMatchObject({ missing: 2 });
    expect(found.coverage.gaps.map(({ reason }) => reason)).toEqual(['damaged', 'damaged']);
    expect(reasons(found)).toContain('mirror_fault');
  });

  test('that does not have a layer is not reported as faulty', async () => {
    const { registry, built } = await start();
    const { registry: mirror } = await start();
    mirror.store.blobs.delete(built.layers[0]?.digest ?? '');
    const mirrors = { [registry.host]: [mirror.host] };
    const found = await report(harness.open(`${registry.host}/app:1`, { mirrors }));
    expect(found.coverage.layers).toMatchObject({ examined: 2 });
    expect(reasons(found)).not.toContain('mirror_fault');
  });
});
