/** The parts of a condition that explain its value. */
import { childrenOf } from './expression-tree.ts';
import { textOf } from './expression-text.ts';
import type { TypesById } from './instrument.ts';
import type { Expression, ParsedExpression } from './parse-expression.ts';

export interface Clause {
  readonly text: string;
  /** A value inside the clause before it, such as the left side of a comparison. */
  readonly isOperand: boolean;
  readonly node: Expression;
}

const logic: ReadonlySet<string> = new Set(['_&&_', '_||_']);
const clausesListed = 40;

/** The conditions that `&&` and `||` combine, and the scalar values that those compare. */
export function findClauses(parsed: ParsedExpression, types: TypesById): Clause[] {
  return visit(parsed.expr).slice(0, clausesListed);

  function visit(expression: Expression): Clause[] {
    const { exprKind } = expression;
    if (exprKind.case === 'callExpr' && logic.has(exprKind.value.function)) {
      return exprKind.value.args.flatMap(visit);
    }
    const clause = { text: textOf(parsed, expression), isOperand: false, node: expression };
    return [clause, ...operandsOf(expression)];
  }

  function operandsOf(expression: Expression): Clause[] {
    return childrenOf(expression).flatMap((child) => {
      if (child.exprKind.case === 'constExpr') return [];
      if (expression.exprKind.case === 'comprehensionExpr') return [];
      if (!isShown(child)) return operandsOf(child);
      return [{ text: textOf(parsed, child), isOperand: true, node: child }];
    });
  }

  function isShown({ id, exprKind }: Expression): boolean {
    const kind = types.get(id)?.kind;
    const isLoop = exprKind.case === 'comprehensionExpr';
    return !isLoop && kind !== undefined && !['list', 'map', 'record', 'dyn'].includes(kind);
  }
}
