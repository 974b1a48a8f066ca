/** What the table of events says of each type. */
export interface EventKind {
  /** What the event is about. */
  readonly subject:
    | 'job'
    | 'inspection'
    | 'image'
    | 'engine'
    | 'node'
    | 'user'
    | 'project'
    | 'token'
    | 'session'
    | 'system';
  /** Whether it enters the audit log. */
  readonly audited: boolean;
  readonly summary: string;
}
