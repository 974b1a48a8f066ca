/**
 * Which references a caller may use, and that a refusal names the setting that would allow it, or
 * the reason.
 */
import { expect, test } from 'vitest';

import { inspectionOption } from '../floor/config/inspection-option.ts';
import { checkReference, explicitReference, type ReferencePolicy } from './check-reference.ts';

function policy(settings: object = {}): ReferencePolicy {
  return inspectionOption.parse(settings);
}

test.each([
  ['app:1', 'docker.io/library/app:1'],
  ['docker://app:1', 'docker.io/library/app:1'],
  ['registry:registry.example/app', 'registry.example/app:latest'],
  ['registry:2', 'docker.io/library/registry:2'],
  ['docker://docker:dind', 'docker.io/library/docker:dind'],
  ['docker:app:1', 'docker:app:1'],
  ['docker-daemon:app:1', 'docker:app:1'],
  ['oci-archive:/x.tar:1', 'oci-archive:/x.tar:1'],
  ['/srv/x.tar', '/srv/x.tar'],
])('%s is stored as %s, if all is allowed', (word, reference) => {
  expect(checkReference(word, policy({ dockerDaemon: true, allowLocal: true }))).toBe(reference);
});

const refusals: readonly (readonly [word: string, reason: string, settings: object])[] = [
  ['-', 'no standard input', { allowLocal: true }],
  ['docker-archive:-', 'no standard input', { allowLocal: true }],
  ['docker:dind', 'inspection.dockerDaemon', { allowLocal: true }],
  ['docker-daemon:app', 'inspection.dockerDaemon', { allowLocal: true }],
  ['container:web', 'a container and no image', { dockerDaemon: true, allowLocal: true }],
  ['oci:/srv', 'inspection.allowLocal', {}],
  ['dir:/etc', 'a directory and no image', { allowLocal: true }],
  ['./here', 'inspection.allowLocal', {}],
  ['10.0.0.1:5000/app', 'adding 10.0.0.1:5000 to inspection.registries.private', {}],
  ['docker://localhost/app', 'adding localhost to inspection.registries.private', {}],
  [
    'elsewhere.example/app',
    'adding elsewhere.example to inspection.registries.private',
    { registries: { public: false } },
  ],
];

test.each(refusals)('%s is refused with: %s', (word, reason, settings) => {
  expect(() => checkReference(word, policy(settings))).toThrow(reason);
});

test('a listed host is allowed, inside the network or if others are not', () => {
  const registries = { private: ['10.0.0.1:5000'], public: false };
  expect(checkReference('10.0.0.1:5000/app', policy({ registries }))).toBe(
    '10.0.0.1:5000/app:latest',
  );
});

test.each(['docker:5000/app', 'dir:80/etc', 'container:1/web', 'oci:1/x', 'registry:5000/app'])(
  'a registry at %s is still one when the stored reference is read',
  (name) => {
    const kept = checkReference(`docker://${name}`, policy());
    expect(explicitReference(kept)).toBe(`docker://${name}:latest`);
    expect(checkReference(kept, policy())).toBe(kept);
  },
);
