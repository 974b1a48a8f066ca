/**
 * Parses the text of a manifest (YAML, and so JSON too), or throws one problem that names every
 * invalid field with its line. The text is untrusted: its size is bounded by the caller, anchors
 * and tags are refused, so it can neither expand nor become anything but plain data.
 */
import {
  describeIssue,
  engineManifest,
  Problem,
  type EngineManifest,
  type ProblemField,
  nearestName,
} from '@lazaret/protocol';
import {
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
} from 'yaml';
import type { z } from 'zod';

/** Throws `invalid_manifest`; its detail begins with the line, its fields carry paths. */
export function parseManifest(text: string): EngineManifest {
  const lines = new LineCounter();
  const document = readDocument(text, lines);
  const value = toValue(document);
  const parsed = engineManifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => locate(issue, value, { document, lines }));
  throw refuse(faults);
}

/** The name in a refused text, if it can be read. */
export function guessName(text: string): string | undefined {
  return /^\s*["']?name["']?\s*:\s*["']?([a-z][a-z0-9-]{1,30})["']?\s*,?\s*(#.*)?$/m.exec(
    text,
  )?.[1];
}

interface Fault extends ProblemField {
  readonly line: number | undefined;
  /** Whether the field is unknown. */
  readonly unknown?: boolean;
}

/** Misspelled names first: they are often the missing fields. */
function refuse(faults: readonly Fault[]): Problem {
  const ordered = faults.toSorted(
    (a, b) => Number(b.unknown === true) - Number(a.unknown === true),
  );
  const summary = ordered.slice(0, faultsListed).map(tell).join('; ');
  const rest = ordered.length - faultsListed;
  return new Problem('invalid_manifest', rest > 0 ? `${summary} (and ${rest} more)` : summary, {
    fields: ordered.map(({ path, message }) => ({ path, message })),
  });
}

const faultsListed = 5;

function tell({ line, path, message }: Fault): string {
  const place = line === undefined ? '' : `line ${line}: `;
  return `${place}${path === '' ? '' : `${path}: `}${message}`;
}

function readDocument(text: string, lines: LineCounter): Document {
  let documents: readonly Document[];
  try {
    documents = [
      ...parseAllDocuments(text, { lineCounter: lines, stringKeys: true }),
    ] as Document[];
  } catch (error) {
    // Nesting that is deeper than the stack ends here as a RangeError.
    throw refuse([fault(undefined, `could not be read: ${(error as Error).message}`)]);
  }
  const [document] = documents;
  if (document === undefined || documents.length !== 1) {
    throw refuse([fault(undefined, `expected one YAML document, received ${documents.length}`)]);
  }
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const message = problem.message.split(/ at line \d+|\n/, 1)[0] ?? problem.message;
    throw refuse([fault(problem.linePos?.[0].line, message)]);
  }
  refuseTraps(document, lines);
  return document;
}

function fault(line: number | undefined, message: string): Fault {
  return { line, path: '', message };
}

/**
 * A few lines can expand an anchor to billions of values, the schema does not see a key that
 * names the prototype, and the database stores no NUL.
 */
function refuseTraps(document: Document, lines: LineCounter): void {
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      throw refuse([fault(lineOf(key, lines), '__proto__ is not a field')]);
    },
    Scalar: (_, node) => {
      const { value } = node;
      const unfit = typeof value === 'string' && (value.includes('\0') || !value.isWellFormed());
      if (unfit || (typeof value === 'number' && !Number.isFinite(value))) {
        throw refuse([fault(lineOf(node, lines), 'expected text without NUL, and finite numbers')]);
      }
      refuseAnchor(node, lines);
    },
    Collection: (_, node) => refuseAnchor(node, lines),
    Alias: (_, node) => {
      throw refuse([fault(lineOf(node, lines), 'aliases are not supported; repeat the value')]);
    },
  });
}

function refuseAnchor(node: Node & { anchor?: string }, lines: LineCounter): void {
  if (node.anchor === undefined) return;
  throw refuse([fault(lineOf(node, lines), 'anchors are not supported; repeat the value')]);
}

function toValue(document: Document): unknown {
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refuse([fault(1, 'expected fields such as name: and image:, received something else')]);
}

function locate(
  issue: z.core.$ZodIssue,
  value: unknown,
  { document, lines }: { readonly document: Document; readonly lines: LineCounter },
): Fault[] {
  const known = issue.code === 'unrecognized_keys' ? knownFields(issue.path) : [];
  return describeIssue(issue, '', value).map(({ path, message }) => {
    if (issue.code !== 'unrecognized_keys') {
      return {
        line: lineAt(document, issue.path, lines),
        path: path === 'body' ? '' : path,
        message,
      };
    }
    const key = path.split('.').at(-1) ?? path;
    const meant = nearestName(key, known);
    const advice =
      meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`;
    return {
      line: lineAt(document, [...issue.path, key], lines),
      unknown: true,
      path,
      message: `${message}; ${advice}`,
    };
  });
}

/** The line of a field, or of the nearest existing parent. */
function lineAt(
  document: Document,
  path: readonly PropertyKey[],
  lines: LineCounter,
): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair !== undefined && isNode(pair.key)) return lineOf(pair.key, lines);
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return lineOf(node, lines);
  }
  return undefined;
}

function lineOf(node: Node, lines: LineCounter): number | undefined {
  const offset = node.range?.[0];
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** Names of the fields that the schema has at a path. */
function knownFields(path: readonly PropertyKey[]): string[] {
  let schema: z.core.$ZodType | undefined = engineManifest;
  for (const key of path) schema = shapeOf(schema)?.[String(key)];
  return Object.keys(shapeOf(schema) ?? {});
}

function shapeOf(schema: z.core.$ZodType | undefined): z.core.$ZodShape | undefined {
  let inner = schema;
  while (inner !== undefined && ('innerType' in inner._zod.def || 'out' in inner._zod.def)) {
    const { innerType, out } = inner._zod.def as WrappingDef;
    inner = innerType ?? out;
  }
  return inner !== undefined && 'shape' in inner._zod.def
    ? (inner._zod.def.shape as z.core.$ZodShape)
    : undefined;
}

/** Definition of an optional, a default or a pipe: the schema that it wraps. */
interface WrappingDef {
  readonly innerType?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}
