/** Operators and functions over values of JavaScript, by the names that runtime.ts has for them. */
import { celEnv, parse, plan } from '@bufbuild/cel';

import type { Call } from '../expression-tree.ts';
import type { Expression } from '../parse-expression.ts';
import {
  callImplementation,
  compareVersionOf,
  concatenate,
  joinTexts,
  matchesExpression,
  matchesPath,
  rank,
  spend,
  spendOnText,
} from '../runtime.ts';
import { isNumber, joinTypes, type ValueType } from '../value-type.ts';
import { refuse, type DirectNode, type Frame, type Run } from './node.ts';
import { elementReaderOf, isInRange } from './read-value.ts';

type Args = readonly DirectNode[];
type Rule = (args: Args, call: Call) => DirectNode;

export function compileCall(
  call: Call,
  compile: (expression: Expression) => DirectNode,
): DirectNode {
  const { target, args } = call;
  const name = target === undefined ? call.function : `.${call.function}`;
  const rule = rules[name] ?? refuse();
  return rule((target === undefined ? args : [target, ...args]).map(compile), call);
}

const bool: ValueType = { kind: 'bool' };
const text: ValueType = { kind: 'string' };

function kindsAre(args: Args, ...kinds: readonly string[]): boolean {
  return args.length === kinds.length && args.every(({ type }, at) => type.kind === kinds[at]);
}

/** A function of texts. */
function ofTexts(type: ValueType, count: number, call: (...texts: string[]) => unknown): Rule {
  return (args) => {
    if (args.length !== count || args.some((one) => one.type.kind !== 'string')) return refuse();
    const [first, second] = args.map(({ run }) => run);
    if (first === undefined) return refuse();
    if (count === 1) return { type, run: (frame) => call(first(frame) as string) };
    if (count === 2 && second !== undefined) {
      return { type, run: (frame) => call(first(frame) as string, second(frame) as string) };
    }
    return { type, run: (frame) => call(...args.map(({ run }) => run(frame) as string)) };
  };
}

function shared(name: string, type: ValueType, count: number): Rule {
  return ofTexts(type, count, (...texts) => callImplementation(name, texts));
}

function metered(call: (one: string, other: string) => boolean): Rule {
  return ofTexts(bool, 2, (one = '', other = '') => {
    spendOnText(one, other);
    return call(one, other);
  });
}

const conjunction: Rule = (args) => {
  const runs = conditions(args);
  return { type: bool, run: (frame) => runs.every((run) => run(frame) as boolean) };
};

const disjunction: Rule = (args) => {
  const runs = conditions(args);
  return { type: bool, run: (frame) => runs.some((run) => run(frame) as boolean) };
};

function conditions(args: Args): readonly Run[] {
  return args.map(({ type, run }) => (type.kind === 'bool' ? run : refuse()));
}

const negation: Rule = (args) => {
  const [run = refuse()] = conditions(args);
  return { type: bool, run: (frame) => !(run(frame) as boolean) };
};

/** False only for false, which is what a condition without errors is. */
const notStrictlyFalse: Rule = (args) => {
  const [run = refuse()] = conditions(args);
  return { type: bool, run };
};

const choice: Rule = ([condition, one, other]) => {
  if (condition?.type.kind !== 'bool' || one === undefined || other === undefined) return refuse();
  const type = joinTypes(one.type, other.type) ?? refuse();
  const run: Run = (frame) =>
    (condition.run(frame) as boolean) ? one.run(frame) : other.run(frame);
  return { type, run };
};

/** Values that `===` compares as CEL does. */
function areComparable(a: ValueType, b: ValueType): boolean {
  if (isNumber(a) && isNumber(b)) return true;
  return a.kind === b.kind && ['string', 'bool', 'timestamp', 'duration'].includes(a.kind);
}

function equality(isEqual: boolean): Rule {
  return ([a, b]) => {
    if (a === undefined || b === undefined || !areComparable(a.type, b.type)) return refuse();
    const run: Run = (frame) => {
      const one = a.run(frame);
      const other = b.run(frame);
      spend(1);
      return (one === other) === isEqual;
    };
    return { type: bool, run };
  };
}

const membership: Rule = ([value, container]) => {
  if (value === undefined || container === undefined) return refuse();
  const { type } = container;
  if (type.kind === 'map' && value.type.kind === 'string') {
    const run: Run = (frame) => {
      const key = value.run(frame) as string;
      return Object.hasOwn(container.run(frame) as object, key);
    };
    return { type: bool, run };
  }
  if (type.kind !== 'list' || !areComparable(value.type, type.element)) return refuse();
  const read = elementReaderOf(type.element);
  const run: Run = (frame) => {
    const wanted = value.run(frame);
    for (const one of container.run(frame) as readonly unknown[]) {
      spend(1);
      if (read(one) === wanted) return true;
    }
    return false;
  };
  return { type: bool, run };
};

type Ordered = string | number;

function comparison(compare: (one: Ordered, other: Ordered) => boolean): Rule {
  return ([a, b]) => {
    if (a === undefined || b === undefined || !areComparable(a.type, b.type)) return refuse();
    if (a.type.kind === 'bool') return refuse();
    const isText = a.type.kind === 'string';
    const run: Run = (frame) => {
      const one = a.run(frame) as Ordered;
      const other = b.run(frame) as Ordered;
      if (isText) spendOnText(one as string, other as string);
      return compare(one, other);
    };
    return { type: bool, run };
  };
}

const addition: Rule = (args) => {
  const [a = refuse(), b = refuse()] = args;
  if (kindsAre(args, 'string', 'string')) {
    const run: Run = (frame) => concatenate(a.run(frame) as string, b.run(frame) as string);
    return { type: text, run };
  }
  if (kindsAre(args, 'timestamp', 'duration')) return shifted(a, b, 1);
  return kindsAre(args, 'duration', 'timestamp') ? shifted(b, a, 1) : refuse();
};

/** A duration of CEL is counted in nanoseconds, in 64 bits: about 292 years. */
const durationMsMax = 2 ** 63 / 1_000_000;

const subtraction: Rule = (args) => {
  const [a = refuse(), b = refuse()] = args;
  if (kindsAre(args, 'timestamp', 'duration')) return shifted(a, b, -1);
  if (!kindsAre(args, 'timestamp', 'timestamp')) return refuse();
  const run: Run = (frame) => {
    const ms = (a.run(frame) as number) - (b.run(frame) as number);
    return Math.abs(ms) < durationMsMax ? ms : refuse();
  };
  return { type: { kind: 'duration' }, run };
};

function shifted(time: DirectNode, duration: DirectNode, sign: 1 | -1): DirectNode {
  const run: Run = (frame) => {
    const ms = (time.run(frame) as number) + sign * (duration.run(frame) as number);
    return isInRange(ms) ? ms : refuse();
  };
  return { type: time.type, run };
}

const size: Rule = ([one]) => {
  if (one === undefined) return refuse();
  const { kind } = one.type;
  const count = sizes[kind] ?? refuse();
  return { type: { kind: 'int' }, run: (frame) => count(one.run(frame)) };
};

const sizes: Readonly<Record<string, (value: unknown) => number>> = {
  list: (value) => (value as readonly unknown[]).length,
  map: (value) => Object.keys(value as object).length,
  string(value) {
    spendOnText(value as string);
    return [...(value as string)].length;
  },
};

/** With a constant, which is the only way to write one. */
function constantTime(name: 'duration' | 'timestamp'): Rule {
  return (_, { args: [argument] }) => {
    const constant = argument?.exprKind.case === 'constExpr' ? argument.exprKind.value : refuse();
    const { case: kind, value } = constant.constantKind;
    if (kind !== 'stringValue') return refuse();
    const ms = readTime(name, value);
    const run: Run = () => {
      if (name === 'duration') spendOnText(value);
      return ms;
    };
    return { type: { kind: name }, run };
  };
}

const standard = celEnv();

/** The library reads it, and says no to what is not one. */
function readTime(name: string, value: string): number {
  const result = plan(standard, parse(`${name}(${JSON.stringify(value)})`))({});
  if (typeof result !== 'object' || result === null || !('message' in result)) return refuse();
  const { seconds, nanos } = result.message as unknown as TimeValue;
  const ms = Number(seconds) * 1_000 + nanos / 1_000_000;
  return Number.isSafeInteger(ms) ? ms : refuse();
}

interface TimeValue {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Of a record with a type and a version. */
function version(test: (order: number) => boolean): Rule {
  return ([one, other]) => {
    if (one?.type.kind !== 'record' || other?.type.kind !== 'string') return refuse();
    const run: Run = (frame) => {
      const item = one.run(frame) as Readonly<Record<string, unknown>>;
      const wanted = other.run(frame) as string;
      const { type, version: own } = item;
      if (typeof type !== 'string' || typeof own !== 'string') return refuse();
      return test(compareVersionOf(type, own, wanted));
    };
    return { type: bool, run };
  };
}

const textOfText = shared('string', text, 1);

const toText: Rule = (args, call) => {
  const [one] = args;
  if (one?.type.kind === 'string') return textOfText(args, call);
  if (one?.type.kind !== 'int') return refuse();
  const run: Run = (frame) => {
    const value = one.run(frame) as number;
    return Number.isSafeInteger(value) ? String(value) : refuse();
  };
  return { type: text, run };
};

const join: Rule = (args) => {
  const [list = refuse(), separator = refuse()] = args;
  const isOfTexts = list.type.kind === 'list' && list.type.element.kind === 'string';
  if (!isOfTexts || separator.type.kind !== 'string') return refuse();
  const read = elementReaderOf(text);
  const run: Run = (frame: Frame) => {
    const texts = (list.run(frame) as readonly unknown[]).map(read) as string[];
    return joinTexts(texts, separator.run(frame) as string);
  };
  return { type: text, run };
};

const rules: Readonly<Record<string, Rule>> = {
  '_&&_': conjunction,
  '_||_': disjunction,
  '!_': negation,
  '@not_strictly_false': notStrictlyFalse,
  '_?_:_': choice,
  '_==_': equality(true),
  '_!=_': equality(false),
  '_<_': comparison((one, other) => one < other),
  '_<=_': comparison((one, other) => one <= other),
  '_>_': comparison((one, other) => one > other),
  '_>=_': comparison((one, other) => one >= other),
  '@in': membership,
  '_+_': addition,
  '_-_': subtraction,
  size,
  '.size': size,
  string: toText,
  '.join': join,
  duration: constantTime('duration'),
  timestamp: constantTime('timestamp'),
  versionBelow: version((order) => order < 0),
  versionAtLeast: version((order) => order >= 0),
  '.atLeast': ofTexts(bool, 2, (one = '', other = '') => rank(one) >= rank(other)),
  '.contains': metered((one, other) => one.includes(other)),
  '.startsWith': metered((one, other) => one.startsWith(other)),
  '.endsWith': metered((one, other) => one.endsWith(other)),
  '.glob': ofTexts(bool, 2, (one = '', glob = '') => matchesPath(one, glob)),
  '.matches': ofTexts(bool, 2, (one = '', pattern = '') => matchesExpression(one, pattern)),
  '.lowerAscii': shared('.lowerAscii', text, 1),
  '.upperAscii': shared('.upperAscii', text, 1),
  '.trim': shared('.trim', text, 1),
  '.replace': shared('.replace', text, 3),
};
