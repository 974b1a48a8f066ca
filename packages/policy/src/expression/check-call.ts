/** The types of operators and function calls. */
import { functions, macros, signatureOf, typeOfWord } from './functions.ts';
import type { Call } from './expression-tree.ts';
import type { Expression } from './parse-expression.ts';
import { compileGlob, compileRegularExpression } from './patterns.ts';
import { suggest } from './suggest.ts';
import {
  containsRecord,
  dyn,
  elementOf,
  isAssignable,
  isNumber,
  joinTypes,
  typeName,
} from './value-type.ts';
import type { Scope, ValueType } from './value-type.ts';

/** What the check of a call needs from the check of an expression. */
export interface CallChecker {
  check(expression: Expression | undefined, scope: Scope): ValueType;
  fault(expression: Expression, message: string): ValueType;
  text(expression: Expression): string;
}

export interface CheckedCall {
  readonly expression: Expression;
  readonly call: Call;
  readonly scope: Scope;
}

interface Operands {
  readonly checker: CallChecker;
  readonly expression: Expression;
  readonly symbol: string;
  readonly types: readonly ValueType[];
  readonly args: readonly Expression[];
}

type OperatorRule = (operands: Operands) => ValueType;

export function checkCall(checker: CallChecker, { expression, call, scope }: CheckedCall) {
  const { target, args } = call;
  const rule = operators[call.function];
  if (rule !== undefined) {
    const types = args.map((one) => checker.check(one, scope));
    const symbol = call.function.replaceAll(/[_@]/g, '');
    return rule({ checker, expression, symbol, types, args });
  }
  const receiver = target === undefined ? undefined : checker.check(target, scope);
  const rows = functions.filter(
    ({ name, receiver: of }) =>
      name === call.function && (of === undefined) === (receiver === undefined),
  );
  if (rows.length === 0) return unknownFunction(checker, expression, call);
  const types = args.map((one) => checker.check(one, scope));
  const row = rows.find(
    ({ receiver: of, parameters }) =>
      (receiver === undefined || isAssignable(receiver, typeOfWord(of ?? ''))) &&
      parameters.length === types.length &&
      types.every((type, index) => isAssignable(type, typeOfWord(parameters[index] ?? ''))),
  );
  if (row === undefined) {
    const given = `(${types.map(typeName).join(', ')})`;
    const prefix = receiver === undefined ? '' : `${typeName(receiver)}.`;
    const expected = rows.map(signatureOf).join(' or ');
    const message = `no function ${prefix}${call.function}${given}; expected ${expected}`;
    return checker.fault(expression, message);
  }
  checkConstants(checker, row.name, args);
  return typeOfWord(row.result);
}

function unknownFunction(checker: CallChecker, expression: Expression, call: Call): ValueType {
  const name = call.function;
  if (macros.includes(name)) {
    return checker.fault(expression, `${name} is written ${macroForms[name] ?? name}`);
  }
  const isMethod = call.target !== undefined;
  const twin = functions.find((row) => row.name === name);
  if (twin !== undefined) {
    return checker.fault(expression, `${name} is written ${signatureOf(twin)}`);
  }
  const known = [...new Set(functions.map((row) => row.name)), ...macros];
  const noun = isMethod ? 'method' : 'function';
  return checker.fault(expression, `unknown ${noun} "${name}"; ${suggest(name, known)}`);
}

const macroForms: Readonly<Record<string, string>> = {
  has: 'has(x.field)',
  all: 'list.all(x, condition on x)',
  exists: 'list.exists(x, condition on x)',
  exists_one: 'list.exists_one(x, condition on x)',
  filter: 'list.filter(x, condition on x)',
  map: 'list.map(x, value from x)',
};

const severities = ['critical', 'high', 'medium', 'low', 'info'];

/** Constant arguments that can never be right. */
function checkConstants(checker: CallChecker, name: string, args: readonly Expression[]): void {
  const [first] = args;
  const value = first === undefined ? undefined : constantText(first);
  if (first === undefined || value === undefined) return;
  if (name === 'atLeast' && !severities.includes(value)) {
    checker.fault(first, `"${value}" is not a severity; ${suggest(value, severities)}`);
  }
  const invalid = invalidPattern(name, value);
  if (invalid !== undefined) checker.fault(first, invalid);
  if (name === 'duration' && !/^-?(\d+(\.\d+)?(h|m|s|ms|us|ns))+$/.test(value)) {
    checker.fault(first, `"${value}" is not a duration; expected one such as 36h or 90m`);
  }
  if (name === 'timestamp' && Number.isNaN(Date.parse(value))) {
    checker.fault(first, `"${value}" is not a time; expected 2027-01-31T00:00:00Z`);
  }
}

/** What is wrong with the pattern of `matches` or `glob`. */
function invalidPattern(name: string, pattern: string): string | undefined {
  if (name !== 'matches' && name !== 'glob') return undefined;
  try {
    if (name === 'glob') compileGlob(pattern);
    else compileRegularExpression(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function constantText({ exprKind }: Expression): string | undefined {
  if (exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

const bool: ValueType = { kind: 'bool' };

const logical: OperatorRule = ({ checker, symbol, types, args }) => {
  types.forEach((type, index) => {
    const operand = args[index];
    if (operand === undefined || isAssignable(type, bool)) return;
    const text = checker.text(operand);
    const message = `${symbol} takes conditions; "${text}" is of type ${typeName(type)}`;
    checker.fault(operand, message);
  });
  return bool;
};

const equality: OperatorRule = (operands) => {
  const [a = dyn, b = dyn] = operands.types;
  const { checker, expression, symbol } = operands;
  const isComparable = (isNumber(a) && isNumber(b)) || isAssignable(a, b) || isAssignable(b, a);
  if (!isComparable) {
    return checker.fault(
      expression,
      `${typeName(a)} ${symbol} ${typeName(b)} is never comparable${hasAdvice(a, b)}`,
    );
  }
  if (containsRecord(a) || containsRecord(b)) {
    return checker.fault(expression, 'records cannot be compared; compare their fields');
  }
  checkKnownValues(operands, a, b);
  return bool;
};

function hasAdvice(a: ValueType, b: ValueType): string {
  return a.kind === 'null' || b.kind === 'null' ? '; test with has(x.field)' : '';
}

/** A text that the other side can never be is a mistake. */
function checkKnownValues({ checker, args }: Operands, a: ValueType, b: ValueType): void {
  if (a.kind !== 'string' || b.kind !== 'string') return;
  if (a.values === undefined || b.values === undefined) return;
  if (a.values.some((value) => b.values?.includes(value))) return;
  const [left, right] = args;
  const isLeftConstant = left !== undefined && constantText(left) !== undefined;
  const constant = isLeftConstant ? left : right;
  const known = isLeftConstant ? b.values : a.values;
  const given = constant === undefined ? undefined : constantText(constant);
  if (constant === undefined || given === undefined) return;
  checker.fault(constant, `"${given}" is not a possible value; ${suggest(given, known)}`);
}

const ordered = ['string', 'timestamp', 'duration', 'dyn', 'bytes'];

const versionFields: ReadonlySet<string> = new Set(['version', 'installed', 'fixed']);

const comparison: OperatorRule = ({ checker, expression, symbol, types, args }) => {
  const [a = dyn, b = dyn] = types;
  const isVersion = args.some(
    ({ exprKind: { case: kind, value } }) =>
      kind === 'selectExpr' && versionFields.has(value.field),
  );
  if (isVersion && a.kind === 'string') {
    const message = 'versions are compared with versionBelow(package, "1.2.3"), not as text';
    return checker.fault(expression, message);
  }
  const isOrdered = ordered.includes(a.kind) && ordered.includes(b.kind) && isAssignable(a, b);
  const isNumeric = [a, b].every((type) => isNumber(type) || type.kind === 'dyn');
  if (!isOrdered && !isNumeric) {
    const message = `${typeName(a)} ${symbol} ${typeName(b)} is not possible`;
    return checker.fault(expression, message);
  }
  if ([a, b].some((type) => type.kind === 'string' && type.values?.includes('critical'))) {
    const message = 'severities are compared with severity.atLeast("high"), not as text';
    return checker.fault(expression, message);
  }
  return bool;
};

/** `a op b` by the kinds of both, and the kind of the result. */
const arithmetic: Readonly<Record<string, readonly string[]>> = {
  '+': [
    ...['int int int', 'uint uint uint', 'double double double', 'string string string'],
    ...['timestamp duration timestamp', 'duration timestamp timestamp'],
    'duration duration duration',
  ],
  '-': [
    ...['int int int', 'uint uint uint', 'double double double'],
    ...['timestamp timestamp duration', 'timestamp duration timestamp'],
    'duration duration duration',
  ],
  '*': ['int int int', 'uint uint uint', 'double double double'],
  '/': ['int int int', 'uint uint uint', 'double double double'],
  '%': ['int int int', 'uint uint uint'],
};

const calculation: OperatorRule = (operands) => {
  const { checker, expression, symbol, types } = operands;
  const result = calculate(symbol, types);
  if (result !== undefined) return result;
  const text = types.map(typeName).join(` ${symbol} `);
  const prefix = types.length === 1 ? symbol : '';
  return checker.fault(expression, `${prefix}${text} is not possible`);
};

function calculate(symbol: string, [a = dyn, b]: readonly ValueType[]): ValueType | undefined {
  if (b === undefined) return isNumber(a) || a.kind === 'dyn' ? a : undefined;
  if (a.kind === 'dyn' || b.kind === 'dyn') return dyn;
  if (a.kind === 'list' && b.kind === 'list') return symbol === '+' ? joinTypes(a, b) : undefined;
  return resultOf(symbol, a, b);
}

function resultOf(symbol: string, a: ValueType, b: ValueType): ValueType | undefined {
  const row = arithmetic[symbol]?.find((one) => one.startsWith(`${a.kind} ${b.kind} `));
  const kind = row?.split(' ')[2];
  return kind === undefined ? undefined : ({ kind } as ValueType);
}

const membership: OperatorRule = (operands) => {
  const { checker, expression, types, args } = operands;
  const [a = dyn, b = dyn] = types;
  const element = elementOf(b);
  if (element === undefined) {
    return checker.fault(expression, `"in" takes a list or map; got ${typeName(b)}`);
  }
  if (!isAssignable(a, element)) {
    const message = `a ${typeName(b)} never contains a ${typeName(a)}`;
    return checker.fault(expression, message);
  }
  if (containsRecord(a)) {
    return checker.fault(expression, 'records cannot be compared; use exists(x, ...)');
  }
  checkListedValues(operands, a, args[1]);
  return bool;
};

/** Each text of `x in ["a", "b"]` has to be possible. */
function checkListedValues(
  { checker }: Operands,
  { kind, ...rest }: ValueType,
  list: Expression | undefined,
): void {
  const values = 'values' in rest ? rest.values : undefined;
  if (kind !== 'string' || values === undefined || list?.exprKind.case !== 'listExpr') return;
  for (const element of list.exprKind.value.elements) {
    const text = constantText(element);
    if (text === undefined || values.includes(text)) continue;
    checker.fault(element, `"${text}" is not a possible value; ${suggest(text, values)}`);
  }
}

const index: OperatorRule = ({ checker, expression, types }) => {
  const [a = dyn, b = dyn] = types;
  if (a.kind === 'list' && isAssignable(b, { kind: 'int' })) return a.element;
  if (a.kind === 'map' && isAssignable(b, { kind: 'string' })) return a.value;
  if (a.kind === 'dyn') return dyn;
  return checker.fault(expression, `${typeName(a)}[${typeName(b)}] is not possible`);
};

const conditional: OperatorRule = ({ checker, expression, types, args }) => {
  const [condition = dyn, a = dyn, b = dyn] = types;
  if (!isAssignable(condition, bool) && args[0] !== undefined) {
    checker.fault(args[0], `expected a condition before "?", got ${typeName(condition)}`);
  }
  const joined = joinTypes(a, b);
  if (joined !== undefined) return joined;
  const message = `both values of "? :" have one type; found ${typeName(a)} and ${typeName(b)}`;
  return checker.fault(expression, message);
};

const operators: Readonly<Record<string, OperatorRule>> = {
  '_&&_': logical,
  '_||_': logical,
  '!_': logical,
  '@not_strictly_false': () => bool,
  '_==_': equality,
  '_!=_': equality,
  '_<_': comparison,
  '_<=_': comparison,
  '_>_': comparison,
  '_>=_': comparison,
  '_+_': calculation,
  '_-_': calculation,
  '_*_': calculation,
  '_/_': calculation,
  '_%_': calculation,
  '-_': calculation,
  '@in': membership,
  '_[_]': index,
  '_?_:_': conditional,
};
