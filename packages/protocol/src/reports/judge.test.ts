import { expect, test } from 'vitest';

import type { Coverage } from './coverage.ts';
import { judge } from './judge.ts';

test('an unhealthy scanner is one reason, however many files it did not examine', () => {
  const ill = { by: 'clamav', reason: 'unhealthy', detail: 'no clamd' } as const;
  const coverage: Coverage = {
    ...{ complete: false, files: 3, bytes: 0, gapCount: 4 },
    layers: { listed: 1, examined: 1, cached: 0, partial: 0, missing: 0 },
    scanners: [
      {
        ...{ scanner: 'clamav', engine: 'ClamAV', signatures: 'unknown', healthy: false },
        ...{ examined: 3, cached: 0, partial: 0, failed: 3 },
      },
    ],
    gaps: [ill, { ...ill, path: 'a' }, { ...ill, path: 'b' }, { ...ill, by: 'yara', path: 'b' }],
  };
  expect(judge([], coverage)).toEqual({
    state: 'incomplete',
    reasons: ['clamav: unhealthy', 'yara: unhealthy'],
  });
});
