/** Nodes of an expression as text, with macros as they were written. */
import { unparse } from '@bufbuild/cel';

import type { Expression, ParsedExpression } from './parse-expression.ts';

export function textOf({ sourceInfo }: ParsedExpression, expression: Expression): string {
  return unparse({ $typeName: 'cel.expr.ParsedExpr', expr: expression, sourceInfo });
}
