/** The fields of the items of a list, from the schema of the operation's output. */
import type { Operation } from '@lazaret/protocol';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const depthMax = 2;

/** Paths such as `id` and `outcome.code`. */
export function itemFields(operation: Operation): readonly string[] {
  const schema = operation.output?.toJSONSchema({ io: 'output', unrepresentable: 'any' });
  const page = schema as JsonSchema | undefined;
  return pathsOf(page?.properties?.['items']?.items ?? {}, '', depthMax);
}

function pathsOf(schema: JsonSchema, prefix: string, depth: number): readonly string[] {
  // a nullable field is one of two schemas
  const { properties } = schema.anyOf?.find((one) => one.properties !== undefined) ?? schema;
  return Object.entries(properties ?? {}).flatMap(([name, field]) => [
    `${prefix}${name}`,
    ...(depth > 1 ? pathsOf(field, `${prefix}${name}.`, depth - 1) : []),
  ]);
}
