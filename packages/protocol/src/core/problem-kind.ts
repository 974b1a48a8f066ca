/** What the table of problems says of each code. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
}
