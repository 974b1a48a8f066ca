/** The text of an error that a schema reports: what was expected, and what was received. */
import type { z } from 'zod';

/** Characters of a received value that a message repeats. */
const receivedChars = 60;

/** `expected at most 100, received 1000`; the message of the schema where it has its own. */
export function issueMessage(issue: z.core.$ZodIssue, value: unknown): string {
  const expected = expectedOf(issue);
  if (expected === undefined) {
    return issue.message.replace(/^Invalid (?:input|option): /, '');
  }
  const received = describe(valueAt(value, issue.path), issue);
  return received === undefined ? expected : `${expected}, received ${received}`;
}

function expectedOf(issue: z.core.$ZodIssue): string | undefined {
  // a message of the schema itself, such as that of a refinement
  const isOwn = !/^(?:Too (?:big|small)|Invalid option|Unrecognized key)/.test(issue.message);
  if (isOwn) return undefined;
  if (issue.code === 'too_big' || issue.code === 'too_small') return expectedSize(issue);
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    return values.length === 1 ? `expected ${values[0]}` : `expected one of ${values.join(', ')}`;
  }
  if (issue.code !== 'unrecognized_keys') return undefined;
  return `unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${issue.keys.join(', ')}`;
}

function expectedSize(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const isMax = issue.code === 'too_big';
  const limit = isMax ? issue.maximum : issue.minimum;
  const units: Readonly<Record<string, string>> = {
    string: 'character',
    array: 'item',
    set: 'item',
  };
  const unit = units[issue.origin];
  const amount =
    unit === undefined ? `${limit}` : `${limit} ${unit}${Number(limit) === 1 ? '' : 's'}`;
  if (issue.inclusive === false) return `expected ${isMax ? 'less' : 'more'} than ${amount}`;
  return `expected at ${isMax ? 'most' : 'least'} ${amount}`;
}

/** Undefined for what says nothing, such as a missing value. */
function describe(value: unknown, issue: z.core.$ZodIssue): string | undefined {
  const isSize = issue.code === 'too_big' || issue.code === 'too_small';
  if (isSize && typeof value === 'string' && issue.origin === 'string') {
    return describeLength([...value].length, issue);
  }
  if (isSize && Array.isArray(value)) return String(value.length);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  const cut = value.length > receivedChars ? `${value.slice(0, receivedChars)}…` : value;
  return JSON.stringify(cut);
}

/** White space that the schema trims is not counted by it. */
function describeLength(
  length: number,
  issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall,
): string | undefined {
  const isTrimmed = issue.code === 'too_small' && length >= Number(issue.minimum);
  return isTrimmed ? undefined : String(length);
}

/** A list may still be text with commas, as in a query. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found === 'string' && typeof key === 'number') found = found.split(',')[key];
    else if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key))
      return undefined;
    else found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}
