import type { PlacedFinding } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import { groupFindings } from './group-findings.ts';

function finding(changes: Partial<PlacedFinding>): PlacedFinding {
  return {
    ...{ scanner: 'secrets', class: 'secret', severity: 'high', rule: 'aws-access-key' },
    ...{ title: 'AWS access key id', signatures: '1', sha256: 'a'.repeat(64), line: 1, layer: 0 },
    ...changes,
  };
}

it('joins the same finding in copies of a file, in the order of the list', () => {
  const one = finding({ path: 'app/.env' });
  const copy = finding({ path: 'backup/.env', layer: 1 });
  const other = finding({ path: 'etc/key', sha256: 'b'.repeat(64) });
  expect(groupFindings([one, other, copy])).toEqual([
    { finding: one, others: [copy] },
    { finding: other, others: [] },
  ]);
});

it.each([{ rule: 'private-key' }, { line: 2 }, { scanner: 'yara' }, { offset: 7 }])(
  'does not join findings that differ in %j',
  (changes) => {
    expect(groupFindings([finding({}), finding(changes)])).toHaveLength(2);
  },
);

it('does not join findings without a content', () => {
  const structure = finding({ sha256: undefined, path: undefined });
  expect(groupFindings([structure, structure])).toHaveLength(2);
});
