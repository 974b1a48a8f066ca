import { expect, it } from 'vitest';

import { auditedTypes, readAuditSearch, toAuditQuery } from './filters.ts';

it('drops unknown filters', () => {
  expect(readAuditSearch({ type: 'job.submitted', actor: 'eva', x: '1' })).toEqual({
    type: 'job.submitted',
    actor: 'eva',
  });
  expect(readAuditSearch({ type: 'job.moved', actor: 'x'.repeat(65), subject: 5 })).toEqual({});
});

it('offers audited event types only', () => {
  expect(auditedTypes).toContain('session.refused');
  expect(auditedTypes).not.toContain('job.finished');
});

it('converts filters to an API query', () => {
  expect(toAuditQuery({ type: 'job.submitted' })).toEqual({ type: ['job.submitted'] });
});
