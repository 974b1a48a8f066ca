/**
 * Where the evidence of a condition is: the elements that `exists`, `filter` and `!all` look for. A
 * condition about absence (`!exists`, `all`) has none.
 */
import type { Comprehension } from './expression-tree.ts';
import { textOf } from './expression-text.ts';
import { collectLoop, negate, type TypesById } from './instrument.ts';
import type { Expression, ParsedExpression } from './parse-expression.ts';
import { dyn, elementOf, type ValueType } from './value-type.ts';

export interface EvidenceSource {
  /** The list as the condition names it: `findings`, `coverage.gaps`. */
  readonly from: string;
  readonly element: ValueType;
  /** Collects the elements. */
  readonly node: Expression;
}

export function findEvidence(parsed: ParsedExpression, types: TypesById): EvidenceSource[] {
  const found: EvidenceSource[] = [];
  visit(parsed.expr, true);
  return found;

  function visit(expression: Expression, isWanted: boolean): void {
    const { exprKind } = expression;
    if (exprKind.case === 'comprehensionExpr') {
      addLoop(expression, exprKind.value, isWanted);
    } else if (exprKind.case === 'selectExpr' && exprKind.value.operand !== undefined) {
      visit(exprKind.value.operand, isWanted);
    } else if (exprKind.case === 'callExpr') {
      const { target, args, function: name } = exprKind.value;
      const inner = name === '!_' ? !isWanted : isWanted;
      for (const one of target === undefined ? args : [target, ...args]) visit(one, inner);
    }
  }

  function addLoop(expression: Expression, loop: Comprehension, isWanted: boolean): void {
    const { iterRange } = loop;
    const macro = macroOf(parsed, expression);
    const condition = conditionOf(macro, loop);
    if (iterRange === undefined || condition === undefined) return;
    if (macro === 'all' ? isWanted : !isWanted) return;
    found.push({
      from: textOf(parsed, iterRange),
      element: elementOf(types.get(iterRange.id) ?? dyn) ?? dyn,
      node: collectLoop(loop, macro === 'all' ? negate(condition) : condition),
    });
  }
}

/** The macro that a loop was written as. */
function macroOf({ sourceInfo }: ParsedExpression, { id }: Expression): string {
  const { exprKind } = sourceInfo?.macroCalls[id.toString()] ?? {};
  return exprKind?.case === 'callExpr' ? exprKind.value.function : '';
}

/** The condition in the step that the macro is expanded to. */
function conditionOf(macro: string, { loopStep }: Comprehension): Expression | undefined {
  if (loopStep?.exprKind.case !== 'callExpr') return undefined;
  const { args, function: name } = loopStep.exprKind.value;
  if (macro === 'exists' || macro === 'all') return args[1];
  return name === '_?_:_' ? args[0] : undefined;
}
