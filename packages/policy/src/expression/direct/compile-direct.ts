/**
 * Compiles a checked expression to functions over the facts as they are, which takes a twentieth of
 * the time of the library: no value is converted, no call is looked up. It covers what conditions
 * usually are, spends the same steps, and refuses everything else: the library evaluates an
 * expression that is not covered, and every evaluation that ends in an error. direct.test.ts
 * compares both over random expressions.
 */
import type { Select } from '../expression-tree.ts';
import type { Expression } from '../parse-expression.ts';
import { runWith, spend, type Runtime } from '../runtime.ts';
import type { RecordType, Scope, ValueType } from '../value-type.ts';
import { compileCall } from './calls.ts';
import { compileLoop } from './loops.ts';
import { NotDirectError, refuse, type DirectNode, type DirectScope } from './node.ts';
import { elementReaderOf, presenceOf, readerOf } from './read-value.ts';

export type DirectOutcome =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: string };

export interface DirectProgram {
  /** Undefined if the library has to evaluate; then nothing is spent. */
  run(fact: (name: string) => unknown, runtime: Runtime): DirectOutcome | undefined;
}

/** Undefined if the expression is not covered. */
export function compileDirect(expression: Expression, facts: Scope): DirectProgram | undefined {
  try {
    const node = compile(expression, { facts, locals: new Map() });
    return toProgram(node);
  } catch (error) {
    if (error instanceof NotDirectError) return undefined;
    throw error;
  }
}

function toProgram({ run, type }: DirectNode): DirectProgram {
  const convert = resultOf(type);
  return {
    run(fact, runtime) {
      const { meter } = runtime;
      const { left } = meter;
      try {
        return { value: convert(runWith(runtime, () => run({ fact, locals: [] }))) };
      } catch {
        if (meter.isExhausted) return { error: meter.message };
        meter.restore(left);
        return undefined;
      }
    },
  };
}

const plain = new Set(['bool', 'string', 'int', 'double']);

/** To JSON as the library gives it. */
function resultOf(type: ValueType): (value: unknown) => unknown {
  if (plain.has(type.kind)) return (value) => value;
  if (type.kind !== 'list' || type.element.kind === 'list') return refuse();
  const read = elementReaderOf(type.element);
  return (value) => (value as readonly unknown[]).map(read);
}

function compile(expression: Expression | undefined, scope: DirectScope): DirectNode {
  const { exprKind } = expression ?? refuse();
  switch (exprKind.case) {
    case 'constExpr':
      return compileConstant(exprKind.value.constantKind);
    case 'identExpr':
      return compileName(exprKind.value.name, scope);
    case 'selectExpr':
      return compileSelect(exprKind.value, scope);
    case 'callExpr':
      return compileCall(exprKind.value, (one) => compile(one, scope));
    case 'listExpr':
      return compileList(exprKind.value.elements, scope);
    case 'comprehensionExpr':
      return compileLoop(exprKind.value, { scope, compile });
    case 'structExpr':
    case undefined:
      return refuse();
    default:
      return exprKind satisfies never;
  }
}

type Constant = Extract<Expression['exprKind'], { case: 'constExpr' }>['value']['constantKind'];

function compileConstant({ case: kind, value }: Constant): DirectNode {
  if (kind === 'stringValue') return constant(value, 'string');
  if (kind === 'boolValue') return constant(value, 'bool');
  if (kind === 'doubleValue') return constant(value, 'double');
  if (kind !== 'int64Value' || !Number.isSafeInteger(Number(value))) return refuse();
  return constant(Number(value), 'int');
}

function constant(value: unknown, kind: 'string' | 'bool' | 'double' | 'int'): DirectNode {
  return { type: { kind }, run: () => value };
}

function compileName(name: string, { facts, locals }: DirectScope): DirectNode {
  const local = locals.get(name);
  if (local !== undefined) {
    const { slot, type } = local;
    return { type, run: (frame) => frame.locals[slot] };
  }
  const type = facts.get(name) ?? refuse();
  const read = readerOf(type);
  return { type, run: ({ fact }) => read(fact(name)) };
}

type Object = Readonly<Record<string, unknown>>;

function compileSelect({ operand, field, testOnly }: Select, scope: DirectScope): DirectNode {
  const { type, run } = compile(operand, scope);
  if (type.kind === 'map') return compileKey({ type: type.value, run }, field, testOnly);
  if (type.kind !== 'record') return refuse();
  if (testOnly) return compilePresence({ type, run }, field);
  const fieldType = type.fields.get(field)?.type ?? refuse();
  const read = readerOf(fieldType);
  return { type: fieldType, run: (frame) => read((run(frame) as Object)[field]) };
}

/** `map.key`; a key that the map does not have is an error. */
function compileKey({ type, run }: DirectNode, key: string, testOnly: boolean): DirectNode {
  const read = elementReaderOf(type);
  if (testOnly) {
    return { type: { kind: 'bool' }, run: (frame) => Object.hasOwn(run(frame) as Object, key) };
  }
  return {
    type,
    run(frame) {
      const map = run(frame) as Object;
      return Object.hasOwn(map, key) ? read(map[key]) : refuse();
    },
  };
}

function compilePresence(
  { type, run }: { readonly type: RecordType; readonly run: DirectNode['run'] },
  field: string,
): DirectNode {
  const fieldType = type.fields.get(field)?.type ?? refuse();
  if (fieldType.kind === 'string') {
    return {
      type: { kind: 'bool' },
      run(frame) {
        const value = (run(frame) as Object)[field];
        // a comparison with the empty text
        spend(1);
        return typeof value === 'string' && value !== '';
      },
    };
  }
  const isPresent = presenceOf(fieldType);
  return { type: { kind: 'bool' }, run: (frame) => isPresent((run(frame) as Object)[field]) };
}

/** Lists of constants, such as `x in ["a", "b"]`. */
function compileList(elements: readonly Expression[], scope: DirectScope): DirectNode {
  const nodes = elements.map((one) => compile(one, scope));
  const [first] = nodes;
  const isUniform = nodes.every(({ type }) => type.kind === first?.type.kind);
  if (first === undefined || !isUniform || !plain.has(first.type.kind)) return refuse();
  if (elements.every(({ exprKind }) => exprKind.case === 'constExpr')) {
    const list = nodes.map(({ run }) => run({ fact: () => undefined, locals: [] }));
    return { type: { kind: 'list', element: first.type }, run: () => list };
  }
  return {
    type: { kind: 'list', element: first.type },
    run: (frame) => nodes.map(({ run }) => run(frame)),
  };
}
