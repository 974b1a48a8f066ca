/** What the table of events says of each type. */

/** What the subject of an event identifies; `subjectSchemas` in events/model.ts says in which form. */
export type SubjectKind =
  | 'artifact'
  | 'engine'
  | 'host'
  | 'image'
  | 'inspection'
  | 'job'
  | 'manifest'
  | 'node'
  | 'project'
  | 'token'
  | 'user';

export interface EventKind {
  readonly subject: SubjectKind;
  /** Whether it is copied to the audit log. */
  readonly audited: boolean;
  readonly summary: string;
}
