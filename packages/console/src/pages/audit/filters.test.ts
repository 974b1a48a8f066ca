import { expect, it } from 'vitest';

import { auditedTypes, readAuditSearch, toAuditQuery } from './filters.ts';

it('keeps known filters only', () => {
  expect(readAuditSearch({ type: 'job.submitted', actor: 'eva', x: '1' })).toEqual({
    type: 'job.submitted',
    actor: 'eva',
  });
  expect(readAuditSearch({ type: 'job.moved', actor: 'x'.repeat(65), subject: 5 })).toEqual({});
});

it('offers only what enters the audit log', () => {
  expect(auditedTypes).toContain('session.refused');
  expect(auditedTypes).not.toContain('job.finished');
});

it('turns them into what the API takes', () => {
  expect(toAuditQuery({ type: 'job.submitted' })).toEqual({ type: ['job.submitted'] });
});
