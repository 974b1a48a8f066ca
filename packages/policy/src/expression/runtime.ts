/**
 * The functions and operators of expressions as they run: those of the library and our own, all
 * metered. Every call of an expression is redirected here by instrument.ts, since the library
 * bounds neither loops nor the sizes of what they make.
 */
import {
  celEnv,
  celFunc,
  celList,
  CelScalar,
  isCelError,
  isCelList,
  isCelMap,
  type CelEnv,
  type CelFunc,
  type CelInput,
  type CelList,
  type CelMap,
  type CelValue,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { severity } from '@lazaret/protocol';

import { policyLimits } from '../limits.ts';
import type { Meter } from './meter.ts';
import { compileGlob, compileRegularExpression } from './patterns.ts';

/** Compares versions of a package type: negative, 0, positive; undefined if they have no order. */
export type CompareVersions = (type: string, a: string, b: string) => number | undefined;

export interface Runtime {
  readonly meter: Meter;
  readonly compareVersions: CompareVersions;
}

/** Evaluation is synchronous, so the functions find their runtime here. */
let active: Runtime | undefined;

export function runWith<Result>(runtime: Runtime, run: () => Result): Result {
  const before = active;
  active = runtime;
  try {
    return run();
  } finally {
    active = before;
  }
}

/** Takes steps of the current evaluation. */
export function spend(units: number): void {
  active?.meter.spend(units);
}

const standard = celEnv({ funcs: strings }).funcs;

type Implementation = (...args: readonly CelValue[]) => CelInput;

/** Calls a function of the library; throws its error. */
function callStandard(name: string, target: CelValue | undefined, args: readonly CelValue[]) {
  const result = standard.find(name)?.call(0, target, [...args]);
  if (result === undefined) throw new TypeError(`${name} does not take these values`);
  // as a plain error, so that the library adds which part of the expression it is about
  if (isCelError(result)) throw new Error(result.message);
  return result;
}

/** Values are compared to any depth, so the comparison pays for what it visits. */
function equal(a: CelValue, b: CelValue): boolean {
  spend(1);
  // most comparisons are of texts; the library looks for the types of both first
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  if (isCelList(a) && isCelList(b)) {
    if (a.size !== b.size) return false;
    const others = b[Symbol.iterator]();
    for (const one of a) {
      if (!equal(one, others.next().value as CelValue)) return false;
    }
    return true;
  }
  if (isCelMap(a) && isCelMap(b)) return equalMaps(a, b);
  return callStandard('_==_', undefined, [a, b]) === true;
}

function equalMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !equal(value, other)) return false;
  }
  return true;
}

function isIn(value: CelValue, container: CelValue): boolean {
  if (isCelMap(container)) return callStandard('@in', undefined, [value, container]) === true;
  for (const one of container as CelList) {
    if (equal(one, value)) return true;
  }
  return false;
}

function add(a: CelValue, b: CelValue): CelInput {
  if (typeof a === 'string' && typeof b === 'string') return concatenate(a, b);
  if (isCelList(a) && isCelList(b)) {
    spend(a.size + b.size);
    return celList([...a, ...b]);
  }
  return callStandard('_+_', undefined, [a, b]);
}

export function concatenate(a: string, b: string): string {
  return bounded(a.length + b.length, a + b);
}

/** A text, once its length is paid for and within the limit. */
function bounded(chars: number, text: string): string {
  spend(chars >> 5);
  if (chars <= policyLimits.stringChars) return text;
  throw new RangeError(`a text would be longer than ${policyLimits.stringChars} characters`);
}

export function spendOnText(...texts: readonly string[]): void {
  for (const { length } of texts) spend(length >> 5);
}

/** The lists that `map` and `filter` are building: each is seen by one loop only. */
const growing = new WeakMap<object, CelValue[]>();

function startList(): CelList {
  const elements: CelValue[] = [];
  const list = celList(elements);
  growing.set(list, elements);
  return list;
}

function append(list: CelValue, element: CelValue): CelInput {
  growing.get(list as CelList)?.push(element);
  return list as CelList;
}

export function matchesExpression(text: string, pattern: string): boolean {
  // RE2 takes time proportional to both, and counted repetitions are written out
  const repeats = pattern.match(/\{\d+/g)?.map((one) => Number(one.slice(1))) ?? [];
  const factor = Math.max(1, ...repeats.map((count) => Math.min(count, 1_000)));
  spend((text.length * pattern.length * factor) >> 5);
  return compileRegularExpression(pattern).test(text);
}

export function matchesPath(text: string, glob: string): boolean {
  spend((text.length * glob.length) >> 6);
  return compileGlob(glob).test(text);
}

const ranks: ReadonlyMap<string, number> = new Map(
  severity.options.map((word, at) => [word, severity.options.length - at]),
);

/** The most severe has the highest. */
export function rank(word: string): number {
  const found = ranks.get(word);
  if (found === undefined) throw new TypeError(`"${word}" is not a severity`);
  return found;
}

function compareTo(one: CelMap, version: string): number {
  return compareVersionOf(String(one.get('type')), String(one.get('version')), version);
}

/** The order of a version of a package and another one. */
export function compareVersionOf(type: string, own: string, version: string): number {
  const order = active?.compareVersions(type, own, version);
  if (order === undefined) {
    throw new TypeError(`versions "${own}" and "${version}" of ${type} packages have no order`);
  }
  return order;
}

interface WithTime {
  readonly message: { readonly seconds: bigint; readonly nanos: number };
}

/** A part of a time in UTC. The library's own depend on the time zone of the process. */
function inUtc(read: (date: Date) => number): Implementation {
  return (value) => {
    const { seconds, nanos } = (value as unknown as WithTime).message;
    return BigInt(read(new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000))));
  };
}

function method(name: string): Implementation {
  return (target, ...args) => {
    for (const one of [target, ...args]) if (typeof one === 'string') spendOnText(one);
    return callStandard(name, target, args);
  };
}

function plain(name: string): Implementation {
  return (...args) => {
    for (const one of args) if (typeof one === 'string') spendOnText(one);
    return callStandard(name, undefined, args);
  };
}

function replace(text: string, from: string, to: string): string {
  const parts = text.split(from);
  const chars = text.length + (parts.length - 1) * to.length;
  return bounded(chars, chars > policyLimits.stringChars ? '' : parts.join(to));
}

function octal(text: string): bigint {
  if (!/^[0-7]{1,12}$/.test(text)) throw new TypeError(`"${text}" is not an octal number`);
  return BigInt(Number.parseInt(text, 8));
}

function join(list: CelList, separator: string): string {
  return joinTexts([...list].map(String), separator);
}

export function joinTexts(texts: readonly string[], separator: string): string {
  let chars = 0;
  for (const one of texts) chars += one.length + separator.length;
  spend(texts.length);
  return bounded(chars, chars > policyLimits.stringChars ? '' : texts.join(separator));
}

function split(text: string, separator: string): CelInput {
  spend(text.length);
  return text.split(separator);
}

/** The library reads the number as milliseconds, and writes seconds: see findings. */
function toTimestamp(value: CelValue): CelInput {
  if (typeof value === 'bigint') return timestampFromMs(Number(value) * 1_000);
  return callStandard('timestamp', undefined, [value]);
}

/** Implementations by name; the name of a method begins with a dot, and its target is first. */
const implementations: Readonly<Record<string, readonly [arity: number, run: Implementation]>> = {
  '@startList': [0, startList],
  '@append': [2, append],
  '@step': [
    1,
    (nodes) => {
      spend(Number(nodes));
      return true;
    },
  ],
  '@range': [
    1,
    (list) => {
      spend((list as CelList).size >> 2);
      return list as CelList;
    },
  ],
  '_==_': [2, equal as Implementation],
  '_!=_': [2, (a, b) => !equal(a as CelValue, b as CelValue)],
  '_+_': [2, add as Implementation],
  '@in': [2, isIn as Implementation],
  ...Object.fromEntries(
    ['_<_', '_<=_', '_>_', '_>=_', '_-_', '_*_', '_/_', '_%_'].map((name) => [
      name,
      [2, plain(name)] as const,
    ]),
  ),
  '-_': [1, plain('-_')],
  ...Object.fromEntries(
    ['size', 'int', 'double', 'string', 'duration'].map((name) => [name, [1, plain(name)]]),
  ),
  timestamp: [1, toTimestamp as Implementation],
  octal: [1, octal as unknown as Implementation],
  ...Object.fromEntries(
    ['size', 'lowerAscii', 'upperAscii', 'trim'].map((name) => [`.${name}`, [1, method(name)]]),
  ),
  ...Object.fromEntries(
    ['contains', 'startsWith', 'endsWith', 'indexOf'].map((name) => [
      `.${name}`,
      [2, method(name)],
    ]),
  ),
  '.substring': [-1, method('substring')],
  '.replace': [3, replace as unknown as Implementation],
  '.split': [2, split as unknown as Implementation],
  '.join': [2, join as unknown as Implementation],
  '.matches': [2, matchesExpression as unknown as Implementation],
  '.glob': [2, matchesPath as unknown as Implementation],
  '.atLeast': [2, (a, b) => rank(String(a)) >= rank(String(b))],
  versionBelow: [2, (one, version) => compareTo(one as CelMap, String(version)) < 0],
  versionAtLeast: [2, (one, version) => compareTo(one as CelMap, String(version)) >= 0],
  '.getFullYear': [1, inUtc((date) => date.getUTCFullYear())],
  '.getMonth': [1, inUtc((date) => date.getUTCMonth())],
  '.getDate': [1, inUtc((date) => date.getUTCDate())],
  '.getDayOfWeek': [1, inUtc((date) => date.getUTCDay())],
  '.getMinutes': [1, inUtc((date) => date.getUTCMinutes())],
  '.getHours': [1, getHours],
  '.getSeconds': [1, method('getSeconds')],
};

/** Of a time or a duration. */
function getHours(value?: CelValue): CelInput {
  const { typeName } = (value as unknown as { desc: { typeName: string } }).desc;
  const isTime = typeName === 'google.protobuf.Timestamp';
  const read = isTime ? inUtc((date) => date.getUTCHours()) : method('getHours');
  return read(value as CelValue);
}

/** Calls a function with values of CEL; throws its error. */
export function callImplementation(name: string, args: readonly CelValue[]): CelInput {
  const [, run] = implementations[name] ?? [];
  if (run === undefined) throw new TypeError(`there is no function ${name}`);
  return run(...args);
}

/** The name under which an instrumented expression calls a function. */
export function runtimeName(name: string): string {
  return `@lazaret${name}`;
}

/** Whether the runtime has an implementation; the rest is control flow of the library. */
export function hasImplementation(name: string): boolean {
  return Object.hasOwn(implementations, name);
}

const { DYN } = CelScalar;

export const environment: CelEnv = celEnv({
  funcs: Object.entries(implementations).flatMap(([name, [arity, run]]): CelFunc[] =>
    (arity === -1 ? [2, 3] : [arity]).map((count) =>
      celFunc(
        runtimeName(name),
        Array.from({ length: count }, () => DYN),
        DYN,
        run as never,
      ),
    ),
  ),
});
