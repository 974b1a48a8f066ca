/**
 * Fields of a call that its schema does not have. Zod drops them silently, so a misspelled option
 * would be ignored; here each one is an error that names the nearest field.
 */
import type { z } from 'zod';

import { formatPath } from './format-path.ts';
import { nearestName } from './nearest-name.ts';
import type { ProblemField } from './problem.ts';

interface Unknown {
  readonly path: readonly PropertyKey[];
  readonly key: string;
  readonly known: readonly string[];
}

/** Field names that a message lists when none of them is near. */
const namesListed = 12;

/** One problem field for each unknown field of the value, nested objects included. */
export function findUnknownFields(
  schema: z.ZodType,
  value: unknown,
  where: { readonly path: readonly PropertyKey[]; readonly noun: 'field' | 'parameter' },
): ProblemField[] {
  return unknownIn(schema as unknown as Schema, value, where.path).map(({ path, key, known }) => ({
    path: formatPath([...path, key]),
    message: `unknown ${where.noun}; ${suggest(key, known, where.noun)}`,
  }));
}

function suggest(key: string, known: readonly string[], noun: string): string {
  const nearest = nearestName(key, known) ?? known.find((name) => isShort(key, name));
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  if (known.length === 0) return `expected no ${noun}s`;
  const more = known.length > namesListed ? ` and ${known.length - namesListed} more` : '';
  return `expected one of ${known.slice(0, namesListed).join(', ')}${more}`;
}

/** `stat` for `state`, `reference` for `ref`. */
function isShort(given: string, name: string): boolean {
  const [a, b] = [given.toLowerCase(), name.toLowerCase()];
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
}

/** The parts of zod's definitions that matter here; `z.core` declares them for each type apart. */
interface Schema {
  readonly _zod: {
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, Schema>>;
      readonly catchall?: Schema;
      readonly element?: Schema;
      readonly innerType?: Schema;
      readonly in?: Schema;
      readonly out?: Schema;
      readonly options?: readonly Schema[];
      readonly items?: readonly Schema[];
      readonly left?: Schema;
      readonly right?: Schema;
      readonly valueType?: Schema;
      readonly getter?: () => Schema;
    };
  };
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}

function unknownIn(schema: Schema, value: unknown, path: readonly PropertyKey[]): Unknown[] {
  const { def } = schema._zod;
  if (def.in?._zod.def.type === 'transform') return unknownInPreprocessed(def, value, path);
  if (typeof value !== 'object' || value === null) return [];
  switch (def.type) {
    case 'object':
      return unknownInObject(schema, value, path);
    case 'array':
    case 'tuple':
      return unknownInItems(def, value, path);
    case 'record':
      return unknownInValues(def.valueType, value, path);
    case 'union':
      return unknownInUnion(def.options ?? [], value, path);
    case 'intersection':
      return unknownInBoth(def, value, path);
    default:
      return unknownInWrapped(def, value, path);
  }
}

/** `z.preprocess`: what its function makes of the value, such as an object from JSON. */
function unknownInPreprocessed(
  { in: prepare, out }: Schema['_zod']['def'],
  value: unknown,
  path: readonly PropertyKey[],
): Unknown[] {
  const prepared = prepare?.safeParse(value);
  if (prepared?.success !== true || out === undefined) return [];
  return unknownIn(out, prepared.data, path);
}

/** Wrappers (optional, default, nullable, ...) and pipes, which read what goes in. */
function unknownInWrapped(
  def: Schema['_zod']['def'],
  value: object,
  path: readonly PropertyKey[],
): Unknown[] {
  const inner = def.innerType ?? def.in ?? def.getter?.();
  return inner === undefined ? [] : unknownIn(inner, value, path);
}

function unknownInItems(
  { element, items }: Schema['_zod']['def'],
  value: object,
  path: readonly PropertyKey[],
): Unknown[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index) => {
    const schema = element ?? items?.[index];
    return schema === undefined ? [] : unknownIn(schema, item, [...path, index]);
  });
}

function unknownInValues(
  schema: Schema | undefined,
  value: object,
  path: readonly PropertyKey[],
): Unknown[] {
  if (schema === undefined) return [];
  return Object.entries(value).flatMap(([key, item]) => unknownIn(schema, item, [...path, key]));
}

function unknownInObject(schema: Schema, value: object, path: readonly PropertyKey[]): Unknown[] {
  const { shape = {}, catchall } = schema._zod.def;
  if (Array.isArray(value)) return [];
  const known = Object.keys(shape);
  const isOpen = catchall !== undefined && catchall._zod.def.type !== 'never';
  return Object.entries(value).flatMap(([key, item]) => {
    const field = Object.hasOwn(shape, key) ? shape[key] : catchall;
    if (field !== undefined && (isOpen || field !== catchall)) {
      return unknownIn(field, item, [...path, key]);
    }
    return [{ path, key, known }];
  });
}

/** By the alternative that the value fits; when it fits none, the schema's own errors say so. */
function unknownInUnion(
  options: readonly Schema[],
  value: unknown,
  path: readonly PropertyKey[],
): Unknown[] {
  const fitting = options.filter((option) => option.safeParse(value).success);
  const found = fitting.map((option) => unknownIn(option, value, path));
  return found.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

function unknownInBoth(
  def: Schema['_zod']['def'],
  value: unknown,
  path: readonly PropertyKey[],
): Unknown[] {
  const [left, right] = [def.left, def.right].map((side) =>
    side === undefined ? [] : unknownIn(side, value, path),
  );
  return (left ?? []).flatMap((one) => {
    const other = right?.find(
      ({ key, path: at }) => key === one.key && at.join() === one.path.join(),
    );
    return other === undefined ? [] : [{ ...one, known: [...one.known, ...other.known] }];
  });
}
