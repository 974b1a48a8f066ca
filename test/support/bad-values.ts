/** Invalid values for fields of any kind, and documents with them. */

/** The part of JSON Schema that a sample needs. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const texts = ['no-such-name', '0'.repeat(16), '0'.repeat(64), '/in', '/in/place', 'lab/none:1'];

/** A document with every field of the schema. */
export function makeSample(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf?.[0] !== undefined) return makeSample(schema.anyOf[0]);
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties);
    return Object.fromEntries(fields.map(([name, field]) => [name, makeSample(field)]));
  }
  if (schema.type === 'array') return [makeSample(schema.items ?? {})];
  if (schema.type === 'object') return {};
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer' || schema.type === 'number')
    return Math.max(1, schema.minimum ?? 1);
  const pattern = new RegExp(schema.pattern ?? '', 'u');
  const text = texts.find((one) => pattern.test(one)) ?? 'a text';
  return text.padEnd(schema.minLength ?? 0, 'x');
}

/** JSON of values; some can only be written as text. */
const wrong: readonly string[] = [
  'null',
  'true',
  '-1',
  '0.5',
  '1e308',
  '1e999',
  '9007199254740993',
  '3000000000',
  '""',
  '"a text"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202egpj.exe"',
  '"../../etc/passwd"',
  JSON.stringify('x'.repeat(70_000)),
  '[]',
  '[[[]]]',
  '{}',
  '{"__proto__":{"polluted":true}}',
  '{"a\\u0000b":"\\udc00"}',
  JSON.stringify(Array.from({ length: 5_000 }, () => 'x')),
];

/**
 * The sample with every value at any depth replaced by every invalid one, omitted, or
 * extended.
 */
export function* badValues(sample: unknown): Generator<string> {
  const marker = '"the place of the wrong value"';
  for (const path of pathsOf(sample)) {
    const marked = JSON.stringify(replaceAt(sample, path, JSON.parse(marker)));
    for (const value of wrong) yield marked.replace(marker, () => value);
    yield JSON.stringify(replaceAt(sample, path, undefined));
  }
  for (const extra of ['unknown', 'constructor', 'toString', '__proto__']) {
    yield JSON.stringify(sample).replace(/^\{/, `{"${extra}":1,`).replace(',}', '}');
  }
}

function* pathsOf(value: unknown, above: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [...above, name];
    yield* pathsOf(inner, [...above, name]);
  }
}

function replaceAt(value: unknown, path: readonly string[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((item) => replaceAt(item, rest, by) as unknown);
  const fields = value as Record<string, unknown>;
  return { ...fields, [first]: replaceAt(fields[first], rest, by) };
}

/** Bodies that are not JSON, or invalid JSON. */
export function badDocuments(sample: string): (string | Uint8Array)[] {
  const deep = 100_000;
  const wrapped = sample.replace(/^\{/, '');
  return [
    '',
    ' ',
    'null',
    '[]',
    '"text"',
    '1',
    'not JSON',
    '{"a":',
    `${sample}${sample}`,
    `${sample.slice(0, -1)}`,
    `\u{feff}${sample}`,
    Buffer.from('{"name":"caf\u00e9"}', 'latin1'),
    Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d),
    Buffer.from(sample, 'utf16le'),
    '['.repeat(deep),
    '['.repeat(deep) + ']'.repeat(deep),
    '{"a":'.repeat(deep) + '1' + '}'.repeat(deep),
    `{"extra":${'['.repeat(deep)}${']'.repeat(deep)},${wrapped}`,
    `{"extra":1,"extra":2,${wrapped}`,
    `{"__proto__":{"polluted":true},${wrapped}`,
    `{"constructor":{"prototype":{"polluted":true}},${wrapped}`,
    `{"extra":"${'x'.repeat(2 ** 20)}",${wrapped}`,
    `{"extra":"\u202e\u2066\ufeff",${wrapped}`,
    '\0',
    '<xml/>',
    'a=b&c=d',
  ];
}

/** For paths and queries, already escaped. */
export const badTexts: readonly string[] = [
  '%20',
  '-1',
  '1.5',
  'NaN',
  'Infinity',
  '1e400',
  '9007199254740993',
  '99999999999',
  'true',
  '%00',
  '%00abc',
  '%ED%A0%80',
  '%C0%AE%C0%AE',
  '%FF',
  '%E2%80%AE',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%2f..%2f..%2f',
  '..%5c..%5c',
  '%252e%252e%252f',
  '%0d%0aset-cookie:%20a=b',
  "'%20or%201=1--",
  '$(id)',
  '%3Cscript%3E',
  '06gzrvd406fwr5zt',
  'f'.repeat(64),
  'local',
  'default',
  'a'.repeat(300),
  'a'.repeat(5_000),
  '%F0%9F%A6%A0',
  '%zz',
];
