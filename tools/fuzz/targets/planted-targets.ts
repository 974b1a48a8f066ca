/** Faults made on purpose, for the test that shows that such faults are found. */
import type { FuzzTarget } from '../fuzz-target.ts';

const seeds = (): Buffer[] => [Buffer.from('planted')];

export const plantedTargets: readonly FuzzTarget[] = [
  {
    name: 'planted:error',
    files: ['archive/ar.ts'],
    seeds,
    run(bytes) {
      if (bytes.length > 8) throw new TypeError('planted');
    },
  },
  {
    name: 'planted:hang',
    files: ['archive/ar.ts'],
    seeds,
    run(bytes) {
      for (let at = 0; bytes.length > 8; at += 1) if (at < 0) return;
    },
  },
  {
    name: 'planted:late',
    files: ['archive/ar.ts'],
    seeds,
    run(bytes) {
      if (bytes.length > 8) void Promise.reject(new Error('planted, and nobody waits for it'));
    },
  },
];
