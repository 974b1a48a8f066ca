/**
 * A JSON document as rows of a tree. Values are unchanged: numbers that JavaScript cannot represent
 * keep their digits. Only open nodes have rows, and their number is bounded.
 */
export type JsonValue = string | number | boolean | null | RawNumber | JsonContainer;
export type JsonContainer = JsonValue[] | { [key: string]: JsonValue };

/** A number whose digits would change if it were converted. */
export class RawNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

export interface JsonRoot {
  /** The number of the line for NDJSON, undefined for the only value of a file. */
  readonly line: number | undefined;
  readonly value: JsonValue;
  /** The line is not JSON: `value` is its text. */
  readonly isInvalid: boolean;
}

export interface JsonRow {
  readonly key: string | number | undefined;
  readonly value: JsonValue;
  readonly level: number;
  readonly parent: JsonRow | undefined;
  readonly isInvalid: boolean;
  /** The number of omitted rows. */
  readonly omitted: number | undefined;
}

export const rowsMax = 200_000;
export const searchHitsMax = 5_000;
const nodesSearched = 5_000_000;

const longNumber = /\d{16}|\d[eE]/;

/** Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  if (!longNumber.test(text)) return JSON.parse(text) as JsonValue;
  const revive = (
    _key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown => {
    const source = context?.source;
    return typeof value === 'number' && source !== undefined && String(value) !== source
      ? new RawNumber(source)
      : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as JsonValue;
}

/** One root for each line that is not empty. A line that is not JSON is kept as text. */
export function parseNdjson(text: string, isTruncated: boolean): JsonRoot[] {
  const lines = text.split('\n');
  // The last line of a truncated text is incomplete.
  if (isTruncated) lines.pop();
  return lines.flatMap((line, index): JsonRoot[] => {
    const content = line.trim();
    if (content === '') return [];
    try {
      return [{ line: index + 1, value: parseJson(content), isInvalid: false }];
    } catch {
      return [{ line: index + 1, value: content, isInvalid: true }];
    }
  });
}

export function isContainer(value: JsonValue): value is JsonContainer {
  return typeof value === 'object' && value !== null && !(value instanceof RawNumber);
}

export function childCount(value: JsonContainer): number {
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** The visible rows when these containers are open. Without recursion, at any depth. */
export function visibleRows(
  roots: readonly JsonRoot[],
  open: ReadonlySet<JsonContainer>,
): JsonRow[] {
  const rows: JsonRow[] = [];
  const stack: Level[] = [];
  const add = (row: JsonRow): void => {
    rows.push(row);
    const { value } = row;
    if (!isContainer(value) || !open.has(value)) return;
    stack.push({ row, entries: entriesOf(value), left: childCount(value) });
  };
  for (const { line, value, isInvalid } of roots) {
    add({ key: line, value, level: 1, parent: undefined, isInvalid, omitted: undefined });
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const next = at.entries.next();
      if (next.done === true) {
        stack.pop();
        continue;
      }
      const level = at.row.level + 1;
      const plain = { level, parent: at.row, isInvalid: false };
      if (rows.length >= rowsMax) {
        rows.push({ ...plain, key: undefined, value: null, omitted: at.left });
        return rows;
      }
      at.left -= 1;
      const [key, child] = next.value;
      add({ ...plain, key, value: child, omitted: undefined });
    }
  }
  return rows;
}

interface Level {
  readonly row: JsonRow;
  readonly entries: Iterator<[string | number, JsonValue]>;
  left: number;
}

function* entriesOf(value: JsonContainer): Generator<[string | number, JsonValue]> {
  if (Array.isArray(value)) yield* value.entries();
  else yield* Object.entries(value);
}

/** Initially open: the root, and small containers in it. */
export function initiallyOpen(roots: readonly JsonRoot[]): Set<JsonContainer> {
  const open = new Set<JsonContainer>();
  const [only] = roots;
  if (roots.length !== 1 || only === undefined || !isContainer(only.value)) return open;
  open.add(only.value);
  for (const [, value] of entriesOf(only.value)) {
    if (isContainer(value) && childCount(value) <= 20) open.add(value);
    if (open.size > 20) break;
  }
  return open;
}

export interface JsonHit {
  /** The containers to open, outermost first. */
  readonly way: readonly JsonContainer[];
  /** The key in the last of them; the number of the root when there is none. */
  readonly key: string | number;
}

export interface JsonSearch {
  readonly hits: readonly JsonHit[];
  /** There may be more: the search ended at a limit. */
  readonly isLimited: boolean;
}

interface Pending {
  readonly key: string | number;
  readonly value: JsonValue;
  readonly parent: Pending | undefined;
}

/** Keys and values that contain the text, in any case, in the order of the document. */
export function searchJson(roots: readonly JsonRoot[], text: string): JsonSearch {
  const wanted = text.toLowerCase();
  const hits: JsonHit[] = [];
  const stack: Pending[] = roots
    .map((root, index) => ({ key: index, value: root.value, parent: undefined }))
    .toReversed();
  for (let count = 0; ; count += 1) {
    const next = stack.pop();
    if (next === undefined) return { hits, isLimited: false };
    if (count >= nodesSearched || hits.length >= searchHitsMax) return { hits, isLimited: true };
    if (matches(next, wanted)) hits.push({ way: wayTo(next), key: next.key });
    if (!isContainer(next.value)) continue;
    const children = [...entriesOf(next.value)];
    for (const [key, value] of children.toReversed()) stack.push({ key, value, parent: next });
  }
}

function wayTo(found: Pending): JsonContainer[] {
  const way: JsonContainer[] = [];
  for (let at = found.parent; at !== undefined; at = at.parent) {
    way.push(at.value as JsonContainer);
  }
  return way.toReversed();
}

function matches({ key, value, parent }: Pending, wanted: string): boolean {
  const isNamed = parent !== undefined && typeof key === 'string';
  if (isNamed && key.toLowerCase().includes(wanted)) return true;
  return !isContainer(value) && plainValue(value).toLowerCase().includes(wanted);
}

/** The text of a scalar value, without quotes. */
export function plainValue(value: Exclude<JsonValue, JsonContainer>): string {
  return value instanceof RawNumber ? value.digits : String(value);
}

/** The path of a row in the syntax of jq: `.strings.items[3].text`, `.["odd key"]`. */
export function pathOf(row: JsonRow): string {
  const parts: string[] = [];
  for (let at: JsonRow | undefined = row; at?.parent !== undefined; at = at.parent) {
    const { key } = at;
    if (typeof key === 'number') parts.unshift(`[${key}]`);
    else if (/^[A-Za-z_]\w*$/.test(key ?? '')) parts.unshift(`.${key}`);
    else parts.unshift(`[${JSON.stringify(key)}]`);
  }
  const path = parts.join('');
  return path.startsWith('.') ? path : `.${path}`;
}

/** The value as JSON, for copying. */
export function toText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(
    value,
    (_key, inner: unknown) =>
      inner instanceof RawNumber
        ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(inner.digits)
        : inner,
    2,
  );
}
