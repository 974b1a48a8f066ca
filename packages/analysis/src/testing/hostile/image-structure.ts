/**
 * Group 9: manifest, configuration and layers that do not fit each other. What a source refuses
 * before there is an image (group 10, and configurations that are missing, huge or of another
 * digest) is tested in `source/`.
 */
import { digestOf } from '../image-builder.ts';
import { file, layersOf, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const key = file('k', secret);
const seen = { files: ['f k'], findings: ['secret k@0'] } as const;

export const imageStructureCases: readonly HostileCase[] = [
  {
    name: 'a forged diffID of a well-known layer is reported, and the layer examined',
    build: () => ({ layers: [{ entries: [key], claims: { diffId: digestOf(Buffer.from('x')) } }] }),
    expect: {
      ...{ verdict: 'suspicious', files: ['f k'] },
      findings: ['secret k@0', 'forged-diff-id @0'],
    },
  },
  {
    name: 'a layer with another digest is refused; the others are examined',
    build: () => ({
      layers: [
        { entries: [file('x')], claims: { digest: digestOf(Buffer.from('x')) } },
        { entries: [key] },
      ],
    }),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'] },
      ...{ files: ['f k'], findings: ['secret k@1'] },
    },
  },
  {
    name: 'a layer with another size is refused',
    build: () => ({ layers: [{ entries: [key], claims: { sizeBytes: 10 } }] }),
    expect: { verdict: 'incomplete', gaps: ['layer: damaged'], files: [] },
  },
  ...[
    ['shorter than its layers', []],
    ['longer than its layers', Array.from({ length: 9 }, () => ({ created_by: 'x' }))],
    ['of empty layers only', [{ created_by: 'x', empty_layer: true }]],
  ].map(([words, history]): HostileCase => ({
    name: `a history ${String(words)} names no layer wrongly`,
    build: () => ({ ...layersOf([key]), configFields: { history } }),
    expect: seen,
  })),
  {
    name: 'an image without layers',
    build: () => ({ layers: [] }),
    expect: { files: [] },
  },
  {
    name: 'an image of 500 layers',
    build: () =>
      layersOf(...Array.from({ length: 500 }, (_, at) => [at === 250 ? key : file('x', `${at}`)])),
    expect: { findings: ['secret k@250'] },
  },
  {
    name: 'secrets in labels, environment and history are found',
    build: () => ({
      ...layersOf([file('a')]),
      config: { Env: [`KEY=${secret}`], Labels: { note: 'x' } },
    }),
    expect: { findings: ['secret (image configuration)'], files: ['f a'] },
  },
];
