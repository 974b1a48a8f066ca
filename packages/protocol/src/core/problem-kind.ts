/** Rows of the table of problems. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
}
