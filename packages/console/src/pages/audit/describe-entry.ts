/** Texts and links of audit entries. */
import { type AuditEntry, eventKinds } from '@lazaret/protocol';

type Described = Pick<AuditEntry, 'type' | 'data'>;

/** What happened: more exactly than the kind of the event where its data says so. */
export function describeEntry({ type, data }: Described): string {
  if (type !== 'engine.changed') return eventKinds[type].summary;
  const { enabled, pinned, revision, from } = data;
  if (enabled === true) return 'An engine was enabled';
  if (enabled === false) return 'An engine was disabled';
  if (typeof pinned === 'string') return 'The image of an engine was pinned to its digest';
  if (typeof from === 'number') {
    return `An engine was rolled back from revision ${from} to ${String(revision)}`;
  }
  if (typeof revision === 'number') return `Revision ${revision} of an engine became current`;
  return eventKinds[type].summary;
}

const sha256 = /^(?:sha256:)?([0-9a-f]{64})$/;

/** The SHA-256 of an entry about a file or an artifact. */
export function fileOf({
  type,
  subject,
}: Pick<AuditEntry, 'type' | 'subject'>): string | undefined {
  const kind = eventKinds[type].subject;
  if (kind !== 'file' && kind !== 'artifact') return undefined;
  return sha256.exec(subject)?.[1];
}
