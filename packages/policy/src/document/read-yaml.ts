/**
 * Untrusted YAML to plain data, with the position of every value. Anchors, aliases and tags are
 * refused: the result can neither grow nor become anything but plain data.
 */
import { formatPath } from '@lazaret/protocol';
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';

import { policyLimits } from '../limits.ts';
import type { Path, PolicyFault } from './policy-fault.ts';

export interface YamlDocument {
  readonly value: unknown;
  /** A fault at a value, or at the nearest one above that exists. */
  fault(path: Path, message: string): PolicyFault;
  /** A fault at the name of a field. */
  faultAtKey(path: Path, message: string): PolicyFault;
  /** A fault inside a text, such as an expression. */
  faultInText(path: Path, offset: number, message: string): PolicyFault;
}

export type YamlResult =
  | { readonly document: YamlDocument; readonly fault?: undefined }
  | { readonly document?: undefined; readonly fault: PolicyFault };

export function readYaml(text: string): YamlResult {
  const { documentBytes } = policyLimits;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > documentBytes) {
    return refuse(undefined, `the document has ${bytes} bytes (limit ${documentBytes})`);
  }
  try {
    return parse(text);
  } catch (error) {
    // the parser is recursive: too deep nesting ends here
    if (!(error instanceof RangeError)) throw error;
    return refuse(undefined, 'the document is nested too deeply');
  }
}

function parse(text: string): YamlResult {
  const lines = new LineCounter();
  // Keys are compared below: the parser compares each with all others.
  const options = { lineCounter: lines, stringKeys: true, uniqueKeys: false };
  const documents = [...parseAllDocuments(text, options)];
  const [document] = documents as Document[];
  if (document === undefined || documents.length !== 1) {
    return refuse(undefined, `expected one YAML document, got ${documents.length}`);
  }
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const message = problem.message.split(/ at line \d+|\n/, 1)[0] ?? problem.message;
    const { line, col } = problem.linePos?.[0] ?? {};
    return { fault: { line, column: col, path: '', message: `not valid YAML: ${message}` } };
  }
  const trap = findTrap(document);
  if (trap !== undefined) return refuse(positionOf(trap.node, lines), trap.message);
  return { document: new LocatedDocument(text, document, lines) };
}

interface Position {
  readonly line: number;
  readonly col: number;
}

function refuse(position: Position | undefined, message: string): YamlResult {
  return { fault: { line: position?.line, column: position?.col, path: '', message } };
}

interface Trap {
  readonly node: Node;
  readonly message: string;
}

function findTrap(document: Document): Trap | undefined {
  let found: Trap | undefined;
  const report = (node: Node, message: string): symbol => {
    found = { node, message };
    return visit.BREAK;
  };
  visit(document, {
    Pair: (_, { key }) =>
      isScalar(key) && key.value === '__proto__'
        ? report(key, 'unknown field "__proto__"')
        : undefined,
    Map: (_, map) => {
      const { items } = map;
      if (items.length > policyLimits.mapKeys) {
        return report(map, `${items.length} fields here (limit ${policyLimits.mapKeys})`);
      }
      const repeated = findRepeated(items.map(({ key }) => key));
      return repeated === undefined
        ? undefined
        : report(repeated, `the field "${String(repeated.value)}" is given twice`);
    },
    Alias: (_, node) => report(node, 'aliases are not supported; write the value out'),
    Node: (_, node) => {
      if ('anchor' in node && node.anchor !== undefined) {
        return report(node, 'anchors are not supported; write the value out');
      }
      const value = isScalar(node) ? node.value : undefined;
      const isText = typeof value === 'string';
      if (isText && (value.includes('\0') || !value.isWellFormed())) {
        return report(node, 'expected text without NUL and with valid characters');
      }
      return undefined;
    },
  });
  return found;
}

/** The first key that equals an earlier one. */
function findRepeated(keys: readonly unknown[]): Scalar | undefined {
  const seen = new Set<unknown>();
  for (const key of keys) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) return key;
    seen.add(key.value);
  }
  return undefined;
}

function positionOf(node: Node, lines: LineCounter): Position | undefined {
  const offset = node.range?.[0];
  return offset === undefined ? undefined : lines.linePos(offset);
}

class LocatedDocument implements YamlDocument {
  readonly value: unknown;
  readonly #text: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(text: string, document: Document, lines: LineCounter) {
    this.#text = text;
    this.#document = document;
    this.#lines = lines;
    this.value = document.toJS({ maxAliasCount: 0 });
  }

  fault(path: Path, message: string): PolicyFault {
    return this.#faultAt(this.#find(path)?.range?.[0], path, message);
  }

  faultAtKey(path: Path, message: string): PolicyFault {
    const parent: unknown = this.#document.getIn(path.slice(0, -1), true);
    const items = isMap(parent) ? parent.items : [];
    const key = items.find((item) => isScalar(item.key) && item.key.value === path.at(-1))?.key;
    return isNode(key) ? this.#faultAt(key.range?.[0], path, message) : this.fault(path, message);
  }

  faultInText(path: Path, offset: number, message: string): PolicyFault {
    const node = this.#document.getIn([...path], true);
    if (!isScalar(node) || typeof node.value !== 'string') return this.fault(path, message);
    return this.#faultAt(this.#sourceOffset(node, offset), path, message);
  }

  #faultAt(offset: number | undefined, path: Path, message: string): PolicyFault {
    const position = offset === undefined ? undefined : this.#lines.linePos(offset);
    return { line: position?.line, column: position?.col, path: formatPath(path), message };
  }

  /** The value at a path, or its key, or the nearest value above that exists. */
  #find(path: Path): Node | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const parent: unknown = this.#document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1];
      if (length > 0 && isMap(parent)) {
        const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
        if (pair !== undefined && isNode(pair.key)) {
          return isNode(pair.value) && isScalar(pair.value) ? pair.value : pair.key;
        }
      }
      if (length > 0 && isSeq(parent)) {
        const item: unknown = this.#document.getIn(path.slice(0, length), true);
        if (isNode(item)) return item;
      }
    }
    return isNode(this.#document.contents) ? this.#document.contents : undefined;
  }

  /**
   * The offset in the document of an offset in the value of a text. Quotes, indentation, folding
   * and escapes only add characters or change white space, so the visible characters are followed.
   */
  #sourceOffset({ range, value, type }: Scalar, offset: number): number | undefined {
    if (range === undefined || range === null || typeof value !== 'string') return undefined;
    const [start, , end] = range;
    const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
    let at = isBlock ? this.#text.indexOf('\n', start) + 1 : start;
    for (let index = 0; index < value.length; index += 1) {
      const char = value[index] ?? '';
      if (/\s/.test(char)) continue;
      const found = this.#text.indexOf(char, at);
      if (found === -1 || found >= end) return start;
      if (index >= offset) return found;
      at = found + 1;
    }
    return at;
  }
}
