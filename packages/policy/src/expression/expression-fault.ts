/** What is wrong with an expression, and where in it. */
export interface ExpressionFault {
  /** Offset in the text of the expression, in UTF-16 code units. */
  readonly offset: number;
  readonly message: string;
}
