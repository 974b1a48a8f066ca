import { expect, it } from 'vitest';

import { manifestPath, readManifest } from './read-manifest.ts';

const text = `name: strings
image: lab/strings
resources:
  memory: 64MiB
  # a comment
  cpus: 0.5
command: [/run,
  --all]
`;

it('reads YAML and JSON', () => {
  expect(readManifest(text).value).toMatchObject({ name: 'strings', resources: { cpus: 0.5 } });
  expect(readManifest('{"name":"a"}').value).toEqual({ name: 'a' });
});

it('finds the line of a field, or of its parent', () => {
  const { lineOf } = readManifest(text);
  expect(lineOf('resources.memory')).toBe(4);
  expect(lineOf('resources.cpus')).toBe(6);
  expect(lineOf('command[1]')).toBe(8);
  expect(lineOf('image.missing')).toBe(2);
  expect(lineOf('unknown')).toBeUndefined();
});

it('reports input that is not a manifest', () => {
  expect(readManifest('a: [1').problems[0]).toMatch(/^line \d+: /);
  expect(readManifest('plain text').value).toBeUndefined();
  expect(readManifest('').value).toBeUndefined();
});

it('strips the request prefix from a path', () => {
  expect(manifestPath({ path: 'body.manifest.resources.tmp', message: '' })).toBe('resources.tmp');
  expect(manifestPath({ path: 'manifest.name', message: '' })).toBe('name');
  expect(manifestPath({ path: 'name', message: '' })).toBe('name');
});
