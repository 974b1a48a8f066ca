// Not in the quick check: every kind of malformed request is sent.
/**
 * Nothing that a client sends is ignored silently: every operation refuses unknown query
 * parameters, unknown fields at any depth of the body, unexpected bodies, and
 * conditional headers that are malformed or not supported.
 */
import { buildPath, operationList, roleNames, type Operation } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { startTestHttp, testPrincipal, type TestHttpServer } from '../../testing/http-server.ts';
import { route } from './index.ts';

let server: TestHttpServer;
/** Operations whose handlers were reached. */
const reached: string[] = [];

beforeAll(async () => {
  const routes = operationList.map((operation) =>
    route(operation, async (_, context) => {
      reached.push(operation.name);
      if (operation.bodyKind === 'bytes') {
        for await (const _chunk of (await context.upload()).stream);
      }
      throw new Error('reached');
    }),
  );
  const grants = roleNames.map((role) => ({ role, project: null }));
  server = await startTestHttp(routes, new Map([['token', testPrincipal('root', grants)]]));
});
afterAll(() => server.close());

interface Sent {
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly { readonly path: string; readonly message: string }[];
}

const values: Readonly<Record<string, string>> = {
  digest: `sha256:${'0'.repeat(64)}`,
  other: `sha256:${'1'.repeat(64)}`,
  sha256: '0'.repeat(64),
  id: '0'.repeat(16),
  engine: 'tool',
  name: 'name',
  path: 'a',
  secret: 'a',
};

async function call(operation: Operation, sent: Sent = {}): Promise<Answer> {
  const names = [...operation.path.matchAll(/:([A-Za-z0-9]+)/g)].map(([, name = '']) => name);
  const params = Object.fromEntries(names.map((name) => [name, values[name] ?? '0']));
  const path = buildPath(operation.path, params);
  const query = sent.query === undefined ? '' : `?${sent.query}`;
  const answer = await fetch(`${server.url}${path}${query}`, {
    method: operation.method,
    headers: {
      authorization: 'Bearer token',
      ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
  });
  const problem = (await answer.json()) as Partial<Answer>;
  return { status: answer.status, code: problem.code ?? '', fields: problem.fields ?? [] };
}

interface Json {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly items?: Json;
  readonly anyOf?: readonly Json[];
}

function describe(schema: z.ZodType | undefined): Json {
  if (schema === undefined) return {};
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
}

/** A document with every object in the schema; values need not be valid. */
function makeSample(json: Json): unknown {
  if (json.properties !== undefined) {
    const fields = Object.entries(json.properties);
    return Object.fromEntries(fields.map(([name, field]) => [name, makeSample(field)]));
  }
  if (json.type === 'array') return [makeSample(json.items ?? {})];
  return 'text';
}

/** The paths of all objects with known fields, and the fields of each. */
function objectsIn(json: Json, path: string[] = []): { path: string[]; known: string[] }[] {
  const below = Object.entries(json.properties ?? {}).flatMap(([name, field]) =>
    objectsIn(field, [...path, name]),
  );
  if (json.type === 'array') return objectsIn(json.items ?? {}, [...path, '0']);
  if (json.properties === undefined) return below;
  return [{ path, known: Object.keys(json.properties) }, ...below];
}

function plant(sample: unknown, path: readonly string[], key: string): unknown {
  const copy = structuredClone(sample);
  let at = copy as Record<string, unknown>;
  for (const step of path) at = at[step] as Record<string, unknown>;
  at[key] = 1;
  return copy;
}

const formatPath = (path: readonly string[]): string =>
  path.reduce(
    (text, step) => (step === '0' ? `${text}[0]` : text === '' ? step : `${text}.${step}`),
    '',
  );

const named = operationList.map((operation) => [operation.name, operation] as const);

test.each(named)('%s refuses an unknown query parameter', async (_, operation) => {
  const answer = await call(operation, { query: 'unheardOf=1', ...bodyFor(operation) });
  expect(answer).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(answer.fields).toContainEqual({
    path: 'query.unheardOf',
    message: expect.stringMatching(/^unknown parameter; expected (no parameters|one of .+)$/),
  });
});

test.each(named)('%s suggests the parameter that was misspelled', async (_, operation) => {
  for (const name of Object.keys(describe(operation.query).properties ?? {})) {
    const wrong = misspell(name);
    const { fields } = await call(operation, { query: `${wrong}=1`, ...bodyFor(operation) });
    const message = fields.find(({ path }) => path === `query.${wrong}`)?.message;
    expect([wrong, message]).toEqual([wrong, expect.stringMatching(/did you mean "\w+"\?$/)]);
  }
});

function misspell(name: string): string {
  return name.length > 4 ? name.slice(0, -1) : `${name}s`;
}

function bodyFor(operation: Operation): Sent {
  return operation.bodyKind === 'json' ? { body: makeSample(describe(operation.body)) } : {};
}

const withBody = named.filter(([, operation]) => operation.bodyKind === 'json');

test.each(withBody)('%s refuses unknown fields at any depth of its body', async (_, operation) => {
  const json = describe(operation.body);
  const sample = makeSample(json);
  const objects = objectsIn(json);
  expect(objects.length).toBeGreaterThan(0);
  for (const { path, known } of objects) {
    const answer = await call(operation, { body: plant(sample, path, 'unheardOf') });
    expect(answer.status).toBe(400);
    const paths = answer.fields.map((field) => field.path);
    expect(paths).toContain(formatPath([...path, 'unheardOf']));
    const name = known.find((one) => one.length > 4 && !known.includes(misspell(one)));
    if (name === undefined) continue;
    const { fields } = await call(operation, { body: plant(sample, path, misspell(name)) });
    const wrong = formatPath([...path, misspell(name)]);
    expect(fields.find((field) => field.path === wrong)?.message).toMatch(/did you mean "/);
  }
});

const withoutBody = named.filter(([, { bodyKind }]) => bodyKind === 'none');
const mayHaveBody = withoutBody.filter(([, { method }]) => method !== 'GET');

test.each(mayHaveBody)('%s refuses a body that it would ignore', async (_, operation) => {
  const answer = await call(operation, { body: { revision: 2 } });
  expect(answer).toMatchObject({ status: 400, fields: [{ path: 'body' }] });
  const empty = await call(operation, { body: {} });
  expect(empty.fields.map(({ path }) => path)).not.toContain('body');
});

test.each(named)('%s refuses malformed conditional headers', async (_, operation) => {
  for (const [header, value] of [
    ['if-none-match', 'without-quotes'],
    ['if-none-match', '"one" "two"'],
    ['if-match', 'without-quotes'],
    ...(operation.outputKind === 'bytes' ? [['range', 'bytes=a-b'] as const] : []),
  ] as const) {
    const answer = await call(operation, { headers: { [header]: value }, ...bodyFor(operation) });
    expect([header, answer.status, answer.code]).toEqual([header, 400, 'invalid_request']);
    expect(answer.fields[0]?.path.toLowerCase()).toBe(`header.${header}`);
  }
});

test.each(named)('%s honours If-Match or refuses it', async (_, operation) => {
  reached.length = 0;
  const answer = await call(operation, { headers: { 'if-match': '"x"' }, ...bodyFor(operation) });
  if (operation.outputKind === 'bytes') return;
  expect([answer.status, reached]).toEqual([400, []]);
});

/** Of operations that do not get as far as the body without them. */
const requiredQueries: Readonly<Record<string, string>> = {
  'exceptions.importVex': '?name=vex&expires=2027-01-31',
};

const withFile = named.filter(([, { bodyKind }]) => bodyKind === 'bytes');

test.each(withFile)(
  '%s refuses form fields next to the file, or declares that it ignores them',
  async (_, operation) => {
    const form = new FormData();
    form.set('upload', new Blob(['content']), 'sample.bin');
    form.set('nmae', 'other.bin');
    const path = buildPath(operation.path, values);
    const headers = { authorization: 'Bearer token' };
    const query = requiredQueries[operation.name] ?? '';
    const answer = await fetch(`${server.url}${path}${query}`, {
      method: operation.method,
      headers,
      body: form,
    });
    const problem = (await answer.json()) as Answer;
    if (operation.ignoresFormFields === true) expect(problem.code).toBe('internal_error');
    else expect(problem).toMatchObject({ status: 400, fields: [{ path: 'form.nmae' }] });
  },
);

test('only the legacy upload ignores form fields, as its earlier clients may send them', () => {
  const ignoring = operationList.filter((operation) => operation.ignoresFormFields === true);
  expect(ignoring.map(({ name }) => name)).toEqual(['legacy.upload']);
});

test('no call of these tests reached a handler because something was ignored', async () => {
  reached.length = 0;
  const [list] = operationList.filter(({ name }) => name === 'jobs.list');
  expect(list).toBeDefined();
  if (list === undefined) return;
  await call(list, { query: 'stat=queued' });
  expect(reached).toEqual([]);
  await call(list, { query: 'state=queued' });
  expect(reached).toEqual(['jobs.list']);
});
