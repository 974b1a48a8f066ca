/**
 * Rewrites a checked expression for the runtime: calls go to metered functions, loops pay for each
 * iteration and build their lists in place (the library nests one list per element, which overflows
 * the stack from some ten thousand on), and `has` follows Protocol Buffers, where an empty text or
 * list counts as absent.
 */
import { childrenOf, type Call, type Comprehension, type Select } from './expression-tree.ts';
import type { Expression } from './parse-expression.ts';
import { hasImplementation, runtimeName } from './runtime.ts';
import { presenceField } from './convert-value.ts';
import type { ValueType } from './value-type.ts';

export type TypesById = ReadonlyMap<bigint, ValueType>;

/** IDs of nodes stay, so that errors of the library name the node in the original. */
export function instrument(expression: Expression, types: TypesById): Expression {
  const rewrite = (one: Expression): Expression => instrument(one, types);
  const { exprKind } = expression;
  switch (exprKind.case) {
    case 'selectExpr':
      return rewriteSelect(expression, exprKind.value, types);
    case 'callExpr':
      return rewriteCall(expression, exprKind.value, rewrite);
    case 'listExpr': {
      const elements = exprKind.value.elements.map(rewrite);
      return { ...expression, exprKind: { ...exprKind, value: { ...exprKind.value, elements } } };
    }
    case 'comprehensionExpr':
      return rewriteLoop(expression, exprKind.value, rewrite);
    case 'constExpr':
    case 'identExpr':
    case 'structExpr':
    case undefined:
      return expression;
    default:
      return exprKind satisfies never;
  }
}

function rewriteSelect(expression: Expression, select: Select, types: TypesById): Expression {
  if (select.operand === undefined) return expression;
  const operand = instrument(select.operand, types);
  const read = selectNode(expression, { ...select, operand });
  const record = types.get(select.operand.id);
  if (!select.testOnly || record?.kind !== 'record') return read;
  const value = selectNode(expression, { ...select, operand, testOnly: false });
  const kind = record.fields.get(select.field)?.type.kind;
  if (kind === 'string') return runtimeCall(expression.id, '_!=_', [value, textNode('')]);
  if (kind === 'bool') return value;
  if (kind === 'list' || kind === 'map') {
    const size = runtimeCall(expression.id, 'size', [value]);
    return runtimeCall(expression.id, '_>_', [size, numberNode(0)]);
  }
  if (kind !== 'record') return read;
  const field = presenceField(select.field);
  return selectNode(expression, { ...select, operand, field, testOnly: false });
}

function rewriteCall(
  expression: Expression,
  call: Call,
  rewrite: (one: Expression) => Expression,
): Expression {
  const args = call.args.map(rewrite);
  const target = call.target === undefined ? undefined : rewrite(call.target);
  const name = target === undefined ? call.function : `.${call.function}`;
  if (hasImplementation(name)) {
    return runtimeCall(expression.id, name, target === undefined ? args : [target, ...args]);
  }
  // logic and indexes are control flow of the library
  return callNode(expression.id, call.function, args);
}

function rewriteLoop(
  expression: Expression,
  loop: Comprehension,
  rewrite: (one: Expression) => Expression,
): Expression {
  const { accuInit, loopStep, loopCondition, iterRange, result } = loop;
  if (!accuInit || !loopStep || !loopCondition || !iterRange || !result) return expression;
  const isList = accuInit.exprKind.case === 'listExpr';
  const cost = nodesOf(loopStep);
  const value: Comprehension = {
    ...loop,
    iterRange: runtimeCall(iterRange.id, '@range', [rewrite(iterRange)]),
    accuInit: isList ? runtimeCall(accuInit.id, '@startList', []) : rewrite(accuInit),
    loopCondition: callNode(loopCondition.id, '_&&_', [
      runtimeCall(loopCondition.id, '@step', [numberNode(cost)]),
      rewrite(loopCondition),
    ]),
    loopStep: isList ? appendInPlace(loopStep, rewrite) : rewrite(loopStep),
    result: rewrite(result),
  };
  return { ...expression, exprKind: { case: 'comprehensionExpr', value } };
}

/** `list + [element]` of `map` and `filter` becomes a push; no other code sees that list. */
function appendInPlace(step: Expression, rewrite: (one: Expression) => Expression): Expression {
  if (step.exprKind.case !== 'callExpr') return rewrite(step);
  const call = step.exprKind.value;
  const [first, second, third] = call.args;
  if (call.function === '_?_:_' && first && second && third) {
    const args = [rewrite(first), appendInPlace(second, rewrite), rewrite(third)];
    return callNode(step.id, call.function, args);
  }
  const added =
    second?.exprKind.case === 'listExpr' ? second.exprKind.value.elements[0] : undefined;
  if (call.function !== '_+_' || first === undefined || added === undefined) return rewrite(step);
  return runtimeCall(step.id, '@append', [first, rewrite(added)]);
}

/**
 * A loop that collects the elements of a list for which a condition is true, and not an error;
 * before it is instrumented.
 */
export function collectLoop(loop: Comprehension, condition: Expression | undefined): Expression {
  const accumulator = identNode(loop.accuVar);
  const element = identNode(loop.iterVar);
  const list: Expression = listNode([element]);
  const grown = callNode(0n, '_+_', [accumulator, list]);
  const step =
    condition === undefined
      ? grown
      : callNode(0n, '_?_:_', [strictlyTrue(condition), grown, accumulator]);
  const value: Comprehension = {
    ...loop,
    accuInit: listNode([]),
    loopCondition: callNode(0n, '@not_strictly_false', [boolNode(true)]),
    loopStep: step,
    result: accumulator,
  };
  return {
    ...loop.result,
    $typeName: 'cel.expr.Expr',
    id: 0n,
    exprKind: { case: 'comprehensionExpr', value },
  };
}

function strictlyTrue(condition: Expression): Expression {
  const negated = callNode(0n, '!_', [condition]);
  return callNode(0n, '!_', [callNode(0n, '@not_strictly_false', [negated])]);
}

export function negate(condition: Expression): Expression {
  return callNode(0n, '!_', [condition]);
}

/** What an iteration with this step costs. */
export function nodesOf(expression: Expression): number {
  return childrenOf(expression).reduce((sum, one) => sum + nodesOf(one), 1);
}

function selectNode({ id }: Expression, select: Select): Expression {
  return { $typeName: 'cel.expr.Expr', id, exprKind: { case: 'selectExpr', value: select } };
}

function runtimeCall(id: bigint, name: string, args: Expression[]): Expression {
  return callNode(id, runtimeName(name), args);
}

function callNode(id: bigint, name: string, args: Expression[]): Expression {
  const value: Call = { $typeName: 'cel.expr.Expr.Call', function: name, args };
  return { $typeName: 'cel.expr.Expr', id, exprKind: { case: 'callExpr', value } };
}

function identNode(name: string): Expression {
  const value = { $typeName: 'cel.expr.Expr.Ident', name } as const;
  return { $typeName: 'cel.expr.Expr', id: 0n, exprKind: { case: 'identExpr', value } };
}

function listNode(elements: Expression[]): Expression {
  const value = {
    $typeName: 'cel.expr.Expr.CreateList',
    elements,
    optionalIndices: [] as number[],
  } as const;
  return { $typeName: 'cel.expr.Expr', id: 0n, exprKind: { case: 'listExpr', value } };
}

type Constant = Extract<Expression['exprKind'], { case: 'constExpr' }>['value']['constantKind'];

function constantNode(constantKind: Constant): Expression {
  const value = { $typeName: 'cel.expr.Constant', constantKind } as const;
  return { $typeName: 'cel.expr.Expr', id: 0n, exprKind: { case: 'constExpr', value } };
}

function textNode(value: string): Expression {
  return constantNode({ case: 'stringValue', value });
}

function numberNode(value: number): Expression {
  return constantNode({ case: 'int64Value', value: BigInt(value) });
}

function boolNode(value: boolean): Expression {
  return constantNode({ case: 'boolValue', value });
}
