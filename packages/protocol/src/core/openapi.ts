/** OpenAPI 3.1 from the operation rows. */
import { z } from 'zod';

import type { Operation, OperationTag } from './operation.ts';
import { rolesWith } from '../access/roles.ts';
import { operationList, operationTags } from '../operations.ts';
import { permissions, type Permission } from '../permissions.ts';
import { type ProblemCode, problems } from '../problems.ts';

type Json = Record<string, unknown>;

/** Problems that any operation can return. */
const commonProblems: readonly ProblemCode[] = [
  'invalid_request',
  'too_many_requests',
  'internal_error',
];
const signedInProblems: readonly ProblemCode[] = ['unauthenticated', 'forbidden'];

export function buildOpenApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operationList) {
    const path = operation.path.replaceAll(/:([A-Za-z0-9]+)/g, '{$1}');
    const item = (paths[path] ??= {});
    for (const method of [operation.method, ...(operation.alsoMethods ?? [])]) {
      item[method.toLowerCase()] = describeOperation(operation, method);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lazaret',
      version,
      summary: 'A self-hosted quarantine station for containers',
      description: introduction,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(operationList.map(tagOf))].map(describeTag),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token' },
        session: { type: 'apiKey', in: 'cookie', name: 'lazaret_session' },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

const introduction = `\
Submit files to analysis engines that run in containers, and read what they found.

**Who calls.** Send an API token: \`Authorization: Bearer TOKEN\`. \`lazaret tokens add NAME\` makes
one. The console's session cookie works too; calls that change something then also need its
\`x-csrf-token\`.

**Errors** are \`application/problem+json\`: a stable \`code\`, a \`detail\` that says what was
expected and what came, a \`hint\`, and \`fields\` with the path of each field that is wrong. What
belongs to a project out of your sight answers as if it did not exist.

**Lists** are pages: pass \`next\` of one as \`cursor\` of the next. A page never shifts under new
arrivals.

**Repeating** a submission is safe with an \`Idempotency-Key\`: the same key and request answer with
the same job.

**Streams** are server-sent events. After a lost connection, \`Last-Event-ID\` continues where it
ended, without a gap.`;

function describeTag(name: string): Json {
  const tag = (operationTags as Readonly<Record<string, OperationTag>>)[name];
  if (tag === undefined) throw new Error(`no tag describes the operations of ${name}`);
  return { name, 'x-displayName': tag.title, description: tag.description };
}

function tagOf(operation: Operation): string {
  return operation.name.split('.')[0] ?? operation.name;
}

function describeOperation(operation: Operation, method: string): Json {
  const signedIn = operation.access !== 'public';
  const alias = method !== operation.method;
  return {
    operationId: alias ? `${operation.name}.${method.toLowerCase()}` : operation.name,
    tags: [tagOf(operation)],
    summary: operation.summary,
    description: [operation.description, describeAccess(operation.access)]
      .filter(Boolean)
      .join('\n\n'),
    security: signedIn ? [{ token: [] }, { session: [] }] : [],
    parameters: [
      ...describeParameters(operation.params, 'path'),
      ...describeParameters(operation.query, 'query'),
    ],
    ...(operation.bodyKind === 'none' ? {} : { requestBody: describeBody(operation) }),
    responses: {
      [String(operation.status ?? (operation.outputKind === 'empty' ? 204 : 200))]:
        describeOutput(operation),
      ...describeProblems([
        ...commonProblems,
        ...(signedIn ? signedInProblems : []),
        ...operation.errors,
      ]),
    },
  };
}

function describeAccess(access: Operation['access']): string {
  if (access === 'public') return 'No authentication required.';
  if (access === 'signed-in') return 'Requires authentication.';
  const permission = access as Permission;
  const where = permissions[permission].scope === 'instance' ? 'on all projects' : 'in the project';
  return `Requires the permission \`${permission}\` ${where} (${formatRoles(permission)}).`;
}

function formatRoles(permission: Permission): string {
  const names = rolesWith(permission);
  return `${names.length === 1 ? 'role' : 'roles'} ${names.join(', ')}`;
}

function describeParameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const json = toJson(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(json.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: place === 'path' || (json.required ?? []).includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function describeBody(operation: Operation): Json {
  if (operation.bodyKind === 'bytes') {
    return {
      required: true,
      content: {
        'application/octet-stream': { schema: {} },
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: {
              upload: { type: 'string', contentMediaType: 'application/octet-stream' },
            },
          },
        },
      },
    };
  }
  const schema = operation.body === undefined ? {} : toJson(operation.body, 'input');
  return { required: true, content: { 'application/json': { schema } } };
}

function describeOutput(operation: Operation): Json {
  const content: Record<Operation['outputKind'], Json | undefined> = {
    json: jsonContent(operation),
    events: { 'text/event-stream': { schema: { type: 'string' } } },
    bytes: { 'application/octet-stream': { schema: {} } },
    text: { 'text/plain': { schema: { type: 'string' } } },
    empty: undefined,
  };
  const described = content[operation.outputKind];
  return { description: 'Done', ...(described === undefined ? {} : { content: described }) };
}

function jsonContent(operation: Operation): Json | undefined {
  if (operation.outputKind !== 'json' || operation.output === undefined) return undefined;
  return { 'application/json': { schema: toJson(operation.output, 'output') } };
}

function describeProblems(codes: readonly ProblemCode[]): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    ]),
  );
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'hint'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems) },
    detail: { type: 'string' },
    hint: { type: 'string' },
    fields: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    requestId: { type: 'string' },
  },
};

function toJson(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // Requests are validated strictly; responses may get new fields.
    override: ({ jsonSchema }) => {
      if (io === 'input' && jsonSchema.properties !== undefined) {
        jsonSchema.additionalProperties ??= false;
      }
    },
  });
  return json;
}
