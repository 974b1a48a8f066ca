/**
 * The type check of an expression. The checker of the library covers constants and identifiers
 * only, and knows neither records nor known values, so this one does the whole of CEL that
 * conditions may use. A misspelled field, a value that an enum does not have and a field that may
 * be absent are errors of the document and never a condition that is silently false.
 */
import { policyLimits } from '../limits.ts';
import { checkCall, type CallChecker } from './check-call.ts';
import { plannedVariables } from './catalogue.ts';
import type { ExpressionFault } from './expression-fault.ts';
import { childrenOf, type Comprehension, type NodeOf, type Select } from './expression-tree.ts';
import type { Expression, ParsedExpression } from './parse-expression.ts';
import { suggest } from './suggest.ts';
import { textOf } from './expression-text.ts';
import { dyn, elementOf, hasEmptyValue, joinTypes, typeName } from './value-type.ts';
import type { RecordType, Scope, ValueType } from './value-type.ts';

export interface CheckedExpression {
  readonly type: ValueType;
  /** The type of each node by its ID. */
  readonly types: ReadonlyMap<bigint, ValueType>;
  /** Variables of the scope that the expression uses. */
  readonly variables: ReadonlySet<string>;
  readonly faults: readonly ExpressionFault[];
}

export function checkExpression(parsed: ParsedExpression, scope: Scope): CheckedExpression {
  const checker = new Checker(parsed, scope);
  const type = checker.check(parsed.expr, scope);
  const { types, used, faults } = checker;
  return { type, types, variables: used, faults };
}

class Checker implements CallChecker {
  readonly types = new Map<bigint, ValueType>();
  readonly used = new Set<string>();
  readonly faults: ExpressionFault[] = [];
  readonly #parsed: ParsedExpression;
  readonly #global: Scope;
  /** What the expression tests with `has`, as text: reading it is guarded. */
  readonly #guarded = new Set<string>();
  #loops = 0;

  constructor(parsed: ParsedExpression, scope: Scope) {
    this.#parsed = parsed;
    this.#global = scope;
    this.#collectGuards(parsed.expr);
  }

  check(expression: Expression | undefined, scope: Scope): ValueType {
    if (expression === undefined) return dyn;
    const type = this.#checkKind(expression, scope);
    this.types.set(expression.id, type);
    return type;
  }

  /** Records a fault at a node, and continues with a type that fits everything. */
  fault(expression: Expression, message: string): ValueType {
    const start = this.#parsed.sourceInfo?.positions[expression.id.toString()] ?? 0;
    // a field is at its dot
    const offset = expression.exprKind.case === 'selectExpr' ? start + 1 : start;
    this.faults.push({ offset, message });
    return dyn;
  }

  text(expression: Expression): string {
    return textOf(this.#parsed, expression);
  }

  #checkKind(expression: Expression, scope: Scope): ValueType {
    const { exprKind } = expression;
    switch (exprKind.case) {
      case 'constExpr':
        return typeOfConstant(exprKind.value.constantKind);
      case 'identExpr':
        return this.#checkName(expression, exprKind.value.name, scope);
      case 'selectExpr':
        return this.#checkSelect(expression, exprKind.value, scope);
      case 'callExpr':
        return checkCall(this, { expression, call: exprKind.value, scope });
      case 'listExpr':
        return this.#checkList(expression, exprKind.value.elements, scope);
      case 'comprehensionExpr':
        return this.#checkComprehension(expression, exprKind.value, scope);
      case 'structExpr':
      case undefined:
        return this.fault(expression, 'maps and messages cannot be written in a policy');
      default:
        return exprKind satisfies never;
    }
  }

  #checkName(expression: Expression, name: string, scope: Scope): ValueType {
    const type = scope.get(name);
    if (type !== undefined) {
      if (this.#global.get(name) === type) this.used.add(name);
      return type;
    }
    const planned = plannedVariables[name];
    if (planned !== undefined) {
      return this.fault(expression, `there is no variable "${name}": ${planned}`);
    }
    const known = [...scope.keys()].filter((one) => !one.startsWith('@'));
    return this.fault(expression, `unknown variable "${name}"; ${suggest(name, known)}`);
  }

  #checkSelect(expression: Expression, { operand, field, testOnly }: Select, scope: Scope) {
    const type = this.check(operand, scope);
    if (type.kind === 'dyn') return testOnly ? bool : dyn;
    if (type.kind === 'map') return testOnly ? bool : type.value;
    if (type.kind !== 'record' || operand === undefined) {
      return this.fault(expression, `a value of type ${typeName(type)} has no field "${field}"`);
    }
    const found = type.fields.get(field);
    if (found === undefined) return this.#unknownField(expression, type, field);
    if (testOnly) return bool;
    const isGuarded = !found.optional || hasEmptyValue(found.type);
    const text = this.text(expression);
    if (!isGuarded && !this.#guarded.has(text)) {
      const advice = `guard it: has(${text}) && ...`;
      return this.fault(expression, `"${text}" can be absent, and has no empty value; ${advice}`);
    }
    return found.type;
  }

  #unknownField(expression: Expression, { name, fields }: RecordType, field: string): ValueType {
    const advice = suggest(field, [...fields.keys()]);
    return this.fault(expression, `${name} has no field "${field}"; ${advice}`);
  }

  #checkList(expression: Expression, elements: readonly Expression[], scope: Scope): ValueType {
    let element: ValueType = dyn;
    for (const one of elements) {
      const type = this.check(one, scope);
      const joined = joinTypes(element, type);
      if (joined === undefined) {
        const types = `${typeName(element)} and ${typeName(type)}`;
        return this.fault(one, `a list has elements of one type; found ${types}`);
      }
      element = joined;
    }
    return { kind: 'list', element };
  }

  /** What a macro such as `exists` is expanded to: a loop with an accumulator. */
  #checkComprehension(expression: Expression, loop: Comprehension, scope: Scope): ValueType {
    const range = this.check(loop.iterRange, scope);
    const element = elementOf(range);
    if (element === undefined || loop.iterRange === undefined) {
      return this.fault(expression, `expected a list or map, got ${typeName(range)}`);
    }
    if (this.#global.has(loop.iterVar)) {
      const message = `"${loop.iterVar}" is a variable; choose another name for the element`;
      return this.fault(expression, message);
    }
    this.#loops += 1;
    if (this.#loops > policyLimits.loopDepth) {
      return this.fault(expression, `more than ${policyLimits.loopDepth} nested loops`);
    }
    const inner = new Map(scope).set(loop.iterVar, element);
    const start = this.check(loop.accuInit, scope);
    const step = this.check(loop.loopStep, inner.set(loop.accuVar, start));
    this.#loops -= 1;
    const type = joinTypes(start, step) ?? step;
    const after = new Map(inner).set(loop.accuVar, type);
    this.check(loop.loopCondition, after);
    return this.check(loop.result, after);
  }

  #collectGuards(expression: Expression | undefined): void {
    if (expression === undefined) return;
    const { exprKind } = expression;
    if (exprKind.case === 'selectExpr') {
      const { operand, testOnly } = exprKind.value;
      if (testOnly && operand !== undefined) {
        this.#guarded.add(`${this.text(operand)}.${exprKind.value.field}`);
      }
    }
    for (const child of childrenOf(expression)) this.#collectGuards(child);
  }
}

const bool: ValueType = { kind: 'bool' };

type ConstantKind = NodeOf<'constExpr'>['value']['constantKind'];

function typeOfConstant({ case: kind, value }: ConstantKind): ValueType {
  switch (kind) {
    case 'boolValue':
      return bool;
    case 'int64Value':
      return { kind: 'int' };
    case 'uint64Value':
      return { kind: 'uint' };
    case 'doubleValue':
      return { kind: 'double' };
    case 'stringValue':
      return { kind: 'string', values: [value] };
    case 'bytesValue':
      return { kind: 'bytes' };
    case 'nullValue':
      return { kind: 'null' };
    case 'durationValue':
    case 'timestampValue':
    case undefined:
      return dyn;
    default:
      return kind satisfies never;
  }
}
