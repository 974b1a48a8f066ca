/** The pages that are made from the code's own tables, by path from the root. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import {
  buildOpenApi,
  eventKinds,
  finalStates,
  jobStates,
  observationCodes,
  operationList,
  outcomeCodes,
  permissionNames,
  permissions,
  problems,
  roleHas,
  roleNames,
  roles,
} from '@lazaret/protocol';

import { reportSchema } from '../../packages/analysis/src/report/index.ts';
import {
  flagOf,
  optionKeys,
  options,
  variableOf,
} from '../../packages/server/src/floor/config/index.ts';
import { observationTexts, outcomeClasses, scopeTexts, stateTexts } from './explanations.ts';
import { fillArchitecture } from './architecture-tables.ts';
import { code, formatTable, heading } from './table.ts';

const root = new URL('../../', import.meta.url);

export function generatePages(): ReadonlyMap<string, string> {
  return new Map([
    ['openapi.json', `${JSON.stringify(buildOpenApi(readVersion()), null, 2)}\n`],
    ['docs/inspection-report.schema.json', `${JSON.stringify(reportSchema(), null, 2)}\n`],
    ['docs/errors.md', errorsPage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/outcomes.md', outcomesPage()],
    ['docs/permissions.md', permissionsPage()],
    ['docs/events.md', eventsPage()],
    ['ARCHITECTURE.md', fillArchitecture(readFileSync(new URL('ARCHITECTURE.md', root), 'utf8'))],
  ]);
}

function readVersion(): string {
  const path = fileURLToPath(new URL('packages/server/package.json', root));
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

function errorsPage(): string {
  const rows = Object.entries(problems).map(([name, { status, title, hint }]) => [
    code(name),
    String(status),
    title,
    hint,
  ]);
  return `${heading('Errors', 'packages/protocol/src/problems.ts')}
Every error answer is a JSON document of the type \`application/problem+json\` (RFC 9457). Its
\`code\` is one of these and stays the same from version to version; \`detail\` says what was
expected, what came, and what to do; \`fields\` names the fields of the request that are wrong.

${formatTable([['code', 'status', 'title', 'what to do'], ...rows])}
`;
}

function configurationPage(): string {
  const rows = optionKeys.map((key) => {
    const row: {
      readonly fallback: unknown;
      readonly summary: string;
      readonly variable?: string;
    } = options[key];
    const variables = [row.variable, variableOf(key)].flatMap((one) => (one ? [code(one)] : []));
    return [
      code(key),
      code(flagOf(key)),
      variables.join(', '),
      showFallback(row.fallback),
      row.summary,
    ];
  });
  const secrets = optionKeys.filter((key) => 'secret' in options[key]).map(code);
  return `${heading('Configuration', 'packages/server/src/floor/config/options.ts')}
Each option can be given in a YAML file (\`--config FILE\` or \`LAZARET_CONFIG\`), as a variable of
the environment, or as a flag of \`lazaret serve\` and \`lazaret up\`. Flags win over variables, and
variables win over the file. An option that does not exist is an error with a suggestion.
\`lazaret config check\` names everything that is wrong at once; \`lazaret config print\` shows each
value and where it came from, with secrets masked.

Lists are written with commas in variables and flags, or as JSON. Secrets (${secrets.join(', ')}) may
name a file that holds them: \`file:/run/secrets/database-url\`.

${formatTable([['key in the file', 'flag', 'variable', 'default', 'what it is'], ...rows])}

Two variables have no key: \`LAZARET_CONFIG\` names the file, \`LAZARET_DEBUG\` shows more of what the
tools do.
`;
}

function showFallback(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'object' && !Array.isArray(value)) return 'each of its own';
  return code(Array.isArray(value) ? value.join(',') : String(value));
}

function outcomesPage(): string {
  const states = jobStates.map((state) => {
    const final = (finalStates as readonly string[]).includes(state);
    return [code(state), final ? 'yes' : '', stateTexts[state]];
  });
  const outcomes = Object.entries(outcomeCodes).map(([name, row]) => [
    code(name),
    row.class,
    row.title,
  ]);
  const classes = Object.entries(outcomeClasses).map(([name, text]) => [name, text]);
  const observations = observationCodes.map((name) => [code(name), observationTexts[name]]);
  return `${heading('States, outcomes and observations', 'packages/protocol/src/jobs/outcomes.ts')}
## States of a job

${formatTable([['state', 'final', 'what it means'], ...states])}

Every move is one transaction that also writes the history and an event. Nothing leaves a final
state. A job goes back to \`queued\` when an attempt failed and another one is due.

## Outcomes

What an attempt, and in the end the job, came to.

${formatTable([['outcome', 'class', 'title'], ...outcomes])}

The class decides who may try again:

${formatTable([['class', 'what follows'], ...classes])}

## Observations

What containment met during an attempt, whatever the outcome.

${formatTable([['observation', 'what it means'], ...observations])}
`;
}

function permissionsPage(): string {
  const matrix = permissionNames.map((name) => [
    code(name),
    permissions[name].summary,
    permissions[name].scope,
    ...roleNames.map((role) => (roleHas(role, name) ? 'yes' : '')),
  ]);
  const roleRows = roleNames.map((name) => [code(name), roles[name].summary]);
  const scopes = Object.entries(scopeTexts).map(([name, text]) => [name, text]);
  const operations = operationList.map(({ name, method, path, access }) => [
    code(name),
    code(`${method} ${path}`),
    code(access),
  ]);
  return `${heading('Roles and permissions', 'packages/protocol/src/permissions.ts')}
A user holds grants: each is a role in one project, or in all projects and the instance itself. A
role is a set of permissions and no rank: an operator cannot submit samples, and an investigator
cannot change engines. Somebody who does both holds both roles, in the same project or in different
ones. An API token has at most what its owner has, and less when it was made for some permissions or
one project only.

${formatTable([['role', 'what people with it do'], ...roleRows])}

${formatTable([['permission', 'what it allows', 'scope', ...roleNames], ...matrix])}

${formatTable([['scope', 'what it means'], ...scopes])}

What belongs to a project that the caller cannot see is reported as not found.

## What each operation requires

${formatTable([['operation', 'request', 'requires'], ...operations])}
`;
}

function eventsPage(): string {
  const rows = Object.entries(eventKinds).map(([name, { subject, audited, summary }]) => [
    code(name),
    subject,
    audited ? 'yes' : '',
    summary,
  ]);
  return `${heading('Events', 'packages/protocol/src/event-kinds.ts')}
Every change writes its event in the same transaction, so no event is lost and none tells of what
did not happen. \`lazaret events\` and \`GET /api/v1/events\` stream them; a stream resumes after
\`Last-Event-ID\`. Audited events are copied into the audit log, each entry holding the hash of the
one before; \`lazaret audit verify\` recomputes the chain.

${formatTable([['type', 'about', 'audited', 'what happened'], ...rows])}
`;
}
