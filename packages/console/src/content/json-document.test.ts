import { describe, expect, it } from 'vitest';

import {
  initiallyOpen,
  parseJson,
  parseNdjson,
  pathOf,
  RawNumber,
  rowsMax,
  searchJson,
  toText,
  visibleRows,
  type JsonContainer,
  type JsonRoot,
} from './json-document.ts';

const rootOf = (text: string): JsonRoot[] => [
  { line: undefined, value: parseJson(text), isInvalid: false },
];

describe('parsing', () => {
  it('keeps the digits of numbers that JavaScript would change', () => {
    const value = parseJson('{"id": 12345678901234567890, "small": 1.50, "n": 7}');
    expect(value).toMatchObject({ id: new RawNumber('12345678901234567890'), n: 7 });
    expect(toText(value)).toContain('12345678901234567890');
  });

  it('keeps lines of NDJSON that are not JSON, with their numbers', () => {
    expect(parseNdjson('{"a":1}\n\nnot json\n[2]\n', false)).toEqual([
      { line: 1, value: { a: 1 }, isInvalid: false },
      { line: 3, value: 'not json', isInvalid: true },
      { line: 4, value: [2], isInvalid: false },
    ]);
  });

  it('drops a truncated last line of NDJSON', () => {
    expect(parseNdjson('{"a":1}\n{"b":', true)).toHaveLength(1);
  });

  it('treats a key named __proto__ as a regular key', () => {
    const roots = rootOf('{"__proto__": {"polluted": true}}');
    expect(searchJson(roots, 'polluted').hits).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('rows', () => {
  it('has rows for open containers only', () => {
    const roots = rootOf('{"a": {"b": [1, 2]}, "c": "x"}');
    const root = roots[0]?.value as { a: { b: JsonContainer } } & JsonContainer;
    expect(visibleRows(roots, new Set()).length).toBe(1);
    expect(visibleRows(roots, new Set([root])).map(({ key }) => key)).toEqual([
      undefined,
      'a',
      'c',
    ]);
    const all = visibleRows(roots, new Set<JsonContainer>([root, root.a, root.a.b]));
    expect(all.map(pathOf)).toEqual(['.', '.a', '.a.b', '.a.b[0]', '.a.b[1]', '.c']);
  });

  it('writes paths in the syntax of jq', () => {
    const roots = rootOf('{"odd key": [{"ok": 1}]}');
    const open = new Set<JsonContainer>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      open.add(value as JsonContainer);
      Object.values(value).forEach(collect);
    };
    collect(roots[0]?.value);
    expect(visibleRows(roots, open).map(pathOf)).toEqual([
      '.',
      '.["odd key"]',
      '.["odd key"][0]',
      '.["odd key"][0].ok',
    ]);
  });

  it('is bounded for huge arrays and reports how many are omitted', () => {
    const roots: JsonRoot[] = [
      { line: undefined, value: Array.from({ length: rowsMax + 10 }, () => 0), isInvalid: false },
    ];
    const rows = visibleRows(roots, initiallyOpen(roots));
    expect(rows.length).toBe(rowsMax + 1);
    expect(rows.at(-1)?.omitted).toBe(11);
  });
});

describe('search', () => {
  it('finds keys and values in any case, in the order of the document', () => {
    const roots = rootOf('{"Alpha": 1, "list": ["x", "ALPHABET"], "n": 42}');
    expect(searchJson(roots, 'alpha').hits.map(({ key }) => key)).toEqual(['Alpha', 1]);
    expect(searchJson(roots, '42').hits).toHaveLength(1);
    expect(searchJson(roots, 'nothing')).toEqual({ hits: [], isLimited: false });
  });

  it('walks a very deeply nested document without a stack overflow', () => {
    const deep = `${'['.repeat(50_000)}"found"${']'.repeat(50_000)}`;
    const roots = rootOf(deep);
    const { hits } = searchJson(roots, 'found');
    expect(hits).toHaveLength(1);
    expect(visibleRows(roots, new Set(hits[0]?.way)).at(-1)?.value).toBe('found');
  });
});
