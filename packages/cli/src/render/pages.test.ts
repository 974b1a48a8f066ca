/** Engines, files and registries as pages for people. */
import { readFileSync } from 'node:fs';

import {
  engineManifest,
  watchSettings,
  type EngineDetail,
  type FileDetail,
  type Registry,
} from '@lazaret/protocol';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

import { countColumns } from './cut-text.ts';
import { formatEnginePage } from './engine-page.ts';
import { formatFilePage } from './file-page.ts';
import type { PageOptions } from './page.ts';
import { formatRegistryPage } from './registry-page.ts';
import { createStyle } from './style.ts';

const at = '2026-11-30T12:00:00.000Z';
const options: PageOptions = { now: Date.parse(at), style: createStyle(false), widthChars: 80 };
const path = new URL('../../../../engines/strings/manifest.yaml', import.meta.url);
const manifest = engineManifest.parse(parse(readFileSync(path, 'utf8')));
const image = {
  reference: manifest.image,
  digest: `sha256:${'a'.repeat(64)}`,
  kind: 'image-id',
} as const;
const engine: EngineDetail = {
  ...{ name: 'strings', description: manifest.description, version: manifest.version, manifest },
  ...{ enabled: true, revision: 1, image, source: 'directory', problem: null },
  ...{ createdAt: at, updatedAt: at },
  revisions: [{ revision: 1, version: '', image, createdAt: at, createdBy: 'local' }],
};
const sha256 = '275a021b'.repeat(8);
const file: FileDetail = {
  ...{ sha256, sha1: null, md5: null, sizeBytes: 68, kind: 'text', names: ['eicar.com'] },
  ...{ artifacts: [], origins: [], findings: [] },
  jobs: { items: [], count: 0, isMore: false },
  results: { items: [], count: 0, isMore: false },
  places: {
    items: [
      {
        ...{ image: image.digest, project: 'default', names: ['app:1'], platform: null },
        ...{ verdict: 'malicious', layer: 2, hiddenBy: null, path: 'opt/eicar.com', type: 'file' },
      },
    ],
    ...{ count: 1_000, isMore: true },
  },
};

it('an engine has its parameters by the names that submit takes, and limits with units', () => {
  const page = formatEnginePage(engine, options);
  const names = Object.keys((manifest.parameters?.schema['properties'] ?? {}) as object);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(page).toContain(`\n${name}  `);
  expect(page).toMatch(/Time limit +10m/);
  expect(page).toMatch(/Memory +\d+ MiB/);
  expect(Math.max(...page.split('\n').map(countColumns))).toBeLessThanOrEqual(80);
});

it('an engine without parameters, command and image is shown too', () => {
  const { parameters: _, command: __, ...plain } = manifest;
  const page = formatEnginePage({ ...engine, manifest: plain, image: null }, options);
  expect(page).toContain('not pinned');
  expect(page).not.toContain('Parameters');
});

it('a file has its images, and says how many more there are', () => {
  const page = formatFilePage(file, options);
  expect(page).toContain(sha256);
  expect(page).toContain('In images (more than 1000, the first 1 of them)');
  expect(page).toContain('opt/eicar.com');
  expect(page).not.toContain('Jobs');
  expect(Math.max(...page.split('\n').map(countColumns))).toBeLessThanOrEqual(80);
});

it('a registry is a short page of what is set, with durations', () => {
  const settings = watchSettings.parse({ kind: 'harbor', pollInterval: '90s', plainHttp: true });
  const registry: Registry = {
    ...{ id: '0'.repeat(16), name: 'lab', project: 'default', address: 'lab:5000', settings },
    ...{ source: 'api', state: 'pending', problem: null, check: null, createdBy: 'ana' },
    poll: {
      ...{ running: false, startedAt: null, finishedAt: null, completeAt: null, nextAt: at },
      ...{ requests: 0, failures: 0 },
    },
    counts: {
      ...{ repositories: 1, tags: 2, waiting: 3, inspecting: 0, failed: 0, skipped: 0 },
      problems: 0,
    },
    ...{ createdAt: at, changedAt: at },
  };
  const page = formatRegistryPage(registry, options);
  expect(page).toContain('Address      lab:5000 (harbor), HTTP without TLS\n');
  expect(page).toContain('every 1m 30s, none complete yet');
  expect(page).toContain('1 repository, 2 tags, 3 waiting for inspection');
  expect(page).not.toMatch(/Mirrors|Rates|CA file| - *$/m);
  expect(page.split('\n').length).toBeLessThan(16);
});
