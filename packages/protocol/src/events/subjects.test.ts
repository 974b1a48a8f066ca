import { expect, it } from 'vitest';

import { eventKinds } from '../event-kinds.ts';
import { subjectSchemas } from './model.ts';

/** Types whose subject differs from the first part of their name. */
const exceptions: Readonly<Record<string, string>> = {
  'access.denied': 'user',
  'admission.denied': 'reference',
  'engine.refused': 'manifest',
  'exception.imported': 'project',
  'policy.refused': 'manifest',
  'policy.rejudged': 'project',
  'pull.bypassed': 'reference',
  'pull.denied': 'reference',
  'pull.held': 'reference',
  'script.completed': 'image',
  'script.disagreed': 'image',
  'script.failed': 'image',
  'script.paused': 'host',
  'script.refused': 'manifest',
  'script.resumed': 'host',
  'session.created': 'user',
  'session.ended': 'user',
  'session.refused': 'user',
  'system.started': 'host',
  'system.stopped': 'host',
};

it.each(Object.entries(eventKinds))('the subject of %s matches its name', (type, kind) => {
  expect(kind.subject).toBe(exceptions[type] ?? type.split('.')[0]);
});

it('every kind of subject has a format, which distinguishes ids, digests and names', () => {
  const samples = {
    job: '0123456789abcdef',
    artifact: 'a'.repeat(64),
    image: `sha256:${'a'.repeat(64)}`,
    user: 'alice',
  } as const;
  for (const [kind, sample] of Object.entries(samples)) {
    const accepting = Object.keys(samples).filter(
      (other) => subjectSchemas[other as keyof typeof samples].safeParse(sample).success,
    );
    expect(accepting, kind).toContain(kind);
    if (kind !== 'user') expect(accepting.filter((one) => one !== 'user')).toEqual([kind]);
  }
});
