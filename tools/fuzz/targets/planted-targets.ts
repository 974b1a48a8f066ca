/** Planted faults, for the test that such faults are found. */
import type { FuzzTarget } from '../fuzz-target.ts';

const files = ['tools/fuzz/targets/planted-targets.ts'];
const seeds = (): Buffer[] => [Buffer.from('planted')];

export const plantedTargets: readonly FuzzTarget[] = [
  {
    name: 'planted:error',
    files,
    seeds,
    run(bytes) {
      if (bytes.length > 8) throw new TypeError('planted');
    },
  },
  {
    // Random inputs alone would need about 4 billion attempts.
    name: 'planted:deep',
    files,
    seeds,
    run(bytes) {
      if (bytes[0] !== 0x13) return;
      if (bytes[1] !== 0x57) return;
      if (bytes[2] !== 0x9b) return;
      if (bytes[3] === 0xdf) throw new TypeError('planted deep');
    },
  },
  {
    name: 'planted:slow',
    files,
    seeds,
    run(bytes) {
      for (let at = 0; at < bytes.length * 8; at += 1) bytes.fill(at, at % bytes.length);
    },
  },
  {
    name: 'planted:hang',
    files,
    seeds,
    run(bytes) {
      for (let at = 0; bytes.length > 8; at += 1) if (at < 0) return;
    },
  },
  {
    name: 'planted:late',
    files,
    seeds,
    run(bytes) {
      if (bytes.length > 8) void Promise.reject(new Error('planted, and unhandled'));
    },
  },
];
