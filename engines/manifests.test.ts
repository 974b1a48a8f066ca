import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { engineManifest } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listEngines } from '@lazaret/setup';

const HOSTILE = join(import.meta.dirname, '..', 'test', 'fixtures', 'hostile-engine');
const directories = [...listEngines().map((name) => join(import.meta.dirname, name)), HOSTILE];

describe.each(directories)('%s', (directory) => {
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');

  test('has a manifest that the server accepts, for the image that is built', () => {
    const manifest = engineManifest.parse(parse(read('manifest.yaml')));

    expect(basename(directory)).toContain(manifest.name);
    expect(manifest.image).toBe(`lazaret/engine-${basename(directory)}:latest`);
    expect(manifest).toMatchObject({ network: 'none', user: '65532:65532', trusted: false });
  });

  test('builds on any base and documents how', () => {
    expect(read('Dockerfile')).toMatch(/^ARG BASE=\S+\nFROM \$\{BASE\}\n/);
    expect(read('Dockerfile')).toContain('USER 65532:65532');
    expect(read('README.md')).toContain('npm run build-engines');
  });
});

test('every attack of the hostile engine is documented, and nothing else', () => {
  const script = readFileSync(join(HOSTILE, 'run'), 'utf8');
  const attacks = [...script.matchAll(/^attack_(\w+)\(\)/gm)].map((match) => match[1]);
  const rows = readFileSync(join(HOSTILE, 'README.md'), 'utf8').matchAll(/^\| (`[^|]+) \|/gm);
  const described = [...rows].flatMap((row) => [...(row[1] ?? '').matchAll(/`([^`]+)`/g)]);

  expect(described.map((match) => match[1]?.replaceAll('-', '_')).toSorted()).toEqual(
    attacks.toSorted(),
  );
});
