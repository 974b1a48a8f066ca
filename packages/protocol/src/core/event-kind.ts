/** Rows of the table of event types. */

/** What the subject of an event identifies; `subjectSchemas` has the format of each. */
export type SubjectKind =
  | 'action'
  | 'arrival'
  | 'artifact'
  | 'decision'
  | 'engine'
  | 'exception'
  | 'file'
  | 'hook'
  | 'host'
  | 'image'
  | 'inspection'
  | 'job'
  | 'manifest'
  | 'node'
  | 'policy'
  | 'notification'
  | 'project'
  | 'reference'
  | 'registry'
  | 'script'
  | 'tag'
  | 'token'
  | 'user';

/** What the data of an event may contain under the same name, by which it can be chosen. */
export type EventField = 'registry' | 'verdict' | 'action';

export interface EventKind {
  readonly subject: SubjectKind;
  /** Whether it is copied to the audit log. */
  readonly audited: boolean;
  readonly summary: string;
  readonly fields?: readonly EventField[];
}
