/**
 * The functions that conditions can call, besides operators and macros: one table that types the
 * check and that the documentation lists. What they do is in runtime.ts.
 */
import { recordTypes } from './catalogue.ts';
import { dyn, type ScalarKind, type ValueType } from './value-type.ts';

export interface FunctionRow {
  readonly name: string;
  /** Type of the value before the dot; a function without one is called with arguments alone. */
  readonly receiver?: string;
  readonly parameters: readonly string[];
  readonly result: string;
  readonly summary: string;
}

function fn(name: string, signature: string, summary: string): FunctionRow {
  const [left = '', result = ''] = signature.split(' -> ');
  const [receiver, list] = left.includes('.(') ? left.split('.(') : [undefined, left.slice(1)];
  const parameters = (list ?? '').replace(/\)$/, '').split(', ').filter(Boolean);
  return { name, ...(receiver !== undefined && { receiver }), parameters, result, summary };
}

export const functions: readonly FunctionRow[] = [
  fn(
    'versionBelow',
    '(package, string) -> bool',
    "Whether the version of a package is below another, in its ecosystem's own order",
  ),
  fn(
    'versionAtLeast',
    '(package, string) -> bool',
    "Whether the version of a package is at least another, in its ecosystem's own order",
  ),
  fn('atLeast', 'string.(string) -> bool', 'Whether a severity is at least another'),
  fn(
    'glob',
    'string.(string) -> bool',
    'Whether a path or name matches a glob: `*` and `?` within a segment, `**` across segments',
  ),
  fn('matches', 'string.(string) -> bool', 'Whether an RE2 pattern matches anywhere in the text'),
  fn('contains', 'string.(string) -> bool', 'Whether the text contains another'),
  fn('startsWith', 'string.(string) -> bool', 'Whether the text starts with another'),
  fn('endsWith', 'string.(string) -> bool', 'Whether the text ends with another'),
  fn('size', '(string) -> int', 'Number of characters'),
  fn('size', '(list) -> int', 'Number of elements'),
  fn('size', '(map) -> int', 'Number of entries'),
  fn('size', 'string.() -> int', 'Number of characters'),
  fn('size', 'list.() -> int', 'Number of elements'),
  fn('size', 'map.() -> int', 'Number of entries'),
  fn('lowerAscii', 'string.() -> string', 'The text with ASCII letters in lower case'),
  fn('upperAscii', 'string.() -> string', 'The text with ASCII letters in upper case'),
  fn('trim', 'string.() -> string', 'The text without white space at both ends'),
  fn('replace', 'string.(string, string) -> string', 'The text with each occurrence replaced'),
  fn('split', 'string.(string) -> list(string)', 'The parts between a separator'),
  fn('join', 'list(string).(string) -> string', 'The texts with a separator between them'),
  fn('indexOf', 'string.(string) -> int', 'Index of the first occurrence, or -1'),
  fn('substring', 'string.(int) -> string', 'The text from an index on'),
  fn('substring', 'string.(int, int) -> string', 'The text between two indexes'),
  ...['int', 'uint', 'double', 'string', 'timestamp'].map((kind) =>
    fn('string', `(${kind}) -> string`, 'The value as text'),
  ),
  fn('string', '(bool) -> string', '`true` or `false`'),
  fn('int', '(string) -> int', 'The number that a text contains'),
  fn('int', '(double) -> int', 'The number without its fraction'),
  fn('int', '(timestamp) -> int', 'Seconds since 1970'),
  fn('double', '(int) -> double', 'The number with a fraction'),
  fn('double', '(string) -> double', 'The number that a text contains'),
  fn('timestamp', '(string) -> timestamp', 'A time in RFC 3339 form, `2027-01-31T00:00:00Z`'),
  fn('timestamp', '(int) -> timestamp', 'A time by its seconds since 1970'),
  fn('duration', '(string) -> duration', 'A duration such as `36h` or `90m`; there are no days'),
  fn('octal', '(string) -> int', 'A number in octal, such as the mode "4755"'),
  fn('getFullYear', 'timestamp.() -> int', 'Year, in UTC'),
  fn('getMonth', 'timestamp.() -> int', 'Month, 0 to 11, in UTC'),
  fn('getDate', 'timestamp.() -> int', 'Day of the month, 1 to 31, in UTC'),
  fn('getDayOfWeek', 'timestamp.() -> int', 'Day of the week, 0 for Sunday, in UTC'),
  fn('getHours', 'timestamp.() -> int', 'Hour, 0 to 23, in UTC'),
  fn('getMinutes', 'timestamp.() -> int', 'Minute, 0 to 59, in UTC'),
  fn('getHours', 'duration.() -> int', 'Whole hours'),
  fn('getSeconds', 'duration.() -> int', 'Whole seconds'),
];

/** Macros of CEL, which the parser expands. */
export const macros: readonly string[] = ['has', 'all', 'exists', 'exists_one', 'filter', 'map'];

/** The type that a word of the table stands for. */
export function typeOfWord(word: string): ValueType {
  if (word === 'list') return { kind: 'list', element: dyn };
  if (word === 'map') return { kind: 'map', value: dyn };
  if (word === 'list(string)') return { kind: 'list', element: { kind: 'string' } };
  const record = recordTypes().get(word);
  return record ?? { kind: word as ScalarKind };
}

/** `string.glob(string) -> bool` */
export function signatureOf({ name, receiver, parameters, result }: FunctionRow): string {
  const prefix = receiver === undefined ? '' : `${receiver}.`;
  return `${prefix}${name}(${parameters.join(', ')}) -> ${result}`;
}
