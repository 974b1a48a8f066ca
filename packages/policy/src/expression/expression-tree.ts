/** The nodes of a syntax tree. */
import type { Expression } from './parse-expression.ts';

/** The content of a node of one kind. */
export type NodeOf<Case> = Extract<Expression['exprKind'], { case: Case }>;
export type Select = NodeOf<'selectExpr'>['value'];
export type Call = NodeOf<'callExpr'>['value'];
export type Comprehension = NodeOf<'comprehensionExpr'>['value'];

/** The nodes directly below a node. */
export function childrenOf({ exprKind }: Expression): readonly Expression[] {
  const present = (list: readonly (Expression | undefined)[]): readonly Expression[] =>
    list.filter((one) => one !== undefined);
  switch (exprKind.case) {
    case 'selectExpr':
      return present([exprKind.value.operand]);
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    case 'constExpr':
    case 'identExpr':
    case 'structExpr':
    case undefined:
      return [];
    default:
      return exprKind satisfies never;
  }
}
