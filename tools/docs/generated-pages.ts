/** The pages that are generated from tables in the code, by path from the root. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import {
  buildOpenApi,
  eventKinds,
  finalStates,
  formatDuration,
  formatSize,
  inspectionSettings,
  jobStates,
  observationCodes,
  operationList,
  outcomeCodes,
  permissionNames,
  permissions,
  problems,
  registrySettings,
  roleHas,
  roleNames,
  roles,
  scriptsSection,
} from '@lazaret/protocol';

import { reportSchema } from '../../packages/analysis/src/report/index.ts';
import { policyJsonSchema } from '../../packages/policy/src/index.ts';
import {
  flagOf,
  optionKeys,
  options,
  variableOf,
} from '../../packages/server/src/floor/config/index.ts';
import { observationTexts, outcomeClasses, scopeTexts, stateTexts } from './explanations.ts';
import { fillArchitecture } from './architecture-tables.ts';
import { inventoryPage } from './inventory-page.ts';
import { scannersPage } from './scanners-page.ts';
import { fillScripts } from './scripts-page.ts';
import { policyVariablesPage } from './policy-page.ts';
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
    ['docs/inventory.md', inventoryPage()],
    ['docs/scanners.md', scannersPage()],
    ['docs/policy-variables.md', policyVariablesPage()],
    ['docs/policy.schema.json', `${JSON.stringify(policyJsonSchema(), null, 2)}\n`],
    ['docs/scripts.md', fillScripts(readFileSync(new URL('docs/scripts.md', root), 'utf8'))],
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
Every error response is a JSON document of type \`application/problem+json\` (RFC 9457). Its
\`code\` is one of these and is stable across versions; \`detail\` says what was expected, what was
received, and what to do; \`fields\` lists the invalid fields of the request.

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
Each option can be set in a YAML file (\`--config FILE\` or \`LAZARET_CONFIG\`), as an environment
variable, or as a flag of \`lazaret serve\` and \`lazaret up\`. Flags take precedence over variables,
and variables over the file. An unknown option is an error with a suggestion. \`lazaret config check\`
reports all errors at once; \`lazaret config print\` shows each value and its source, with secrets
masked.

Lists are comma-separated in variables and flags, or JSON. Secrets (${secrets.join(', ')}) can be read
from a file: \`file:/run/secrets/database-url\`.

${formatTable([['key', 'flag', 'variable', 'default', 'description'], ...rows])}

The option \`inspection\` has these settings. \`lazaret inspect --config FILE\` reads them as well, except
those about callers of a server (\`registries.public\`, \`dockerDaemon\`, \`allowLocal\`) and about its
tasks (\`concurrency\`, \`timeLimit\`):

${formatTable([['key', 'default', 'description'], ...listInspectionSettings()])}

The option \`scripts\` has these settings, about which [scripts](scripts.md) says more:

${formatTable([['key', 'default', 'description'], ...listScriptSettings()])}

Two variables have no key: \`LAZARET_CONFIG\` is the path of the file, \`LAZARET_DEBUG\` enables debug
output.
`;
}

/** Rows of the settings of inspections, those of registries included. */
function listInspectionSettings(): string[][] {
  const { registries: _, ...own } = inspectionSettings.shape;
  return [
    ...Object.entries(own).map(([key, schema]) => describeSetting(key, schema)),
    ...Object.entries(registrySettings.shape).map(([key, schema]) =>
      describeSetting(`registries.${key}`, schema),
    ),
  ];
}

function listScriptSettings(): string[][] {
  return Object.entries(scriptsSection.shape).map(([key, schema]) => describeSetting(key, schema));
}

interface SettingSchema {
  readonly description?: string | undefined;
  safeParse(value: unknown): { readonly data?: unknown };
}

function describeSetting(key: string, schema: SettingSchema): string[] {
  const fallback = schema.safeParse(undefined).data ?? '';
  const isEmpty = typeof fallback === 'object' && Object.keys(fallback).length === 0;
  const text =
    key === 'cacheBytes' || key === 'imageBytes'
      ? formatSize(Number(fallback))
      : key === 'timeLimit'
        ? formatDuration(Number(fallback))
        : showFallback(isEmpty ? '' : fallback);
  return [code(key), text, schema.description ?? ''];
}

function showFallback(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'object' && !Array.isArray(value)) return 'see the description';
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

${formatTable([['state', 'final', 'meaning'], ...states])}

Every transition is one transaction that also writes the history and an event. Final states never
change. A job returns to \`queued\` when an attempt failed and will be retried.

## Outcomes

The result of an attempt, and finally of the job.

${formatTable([['outcome', 'class', 'title'], ...outcomes])}

The class decides whether the job is retried:

${formatTable([['class', 'consequence'], ...classes])}

## Observations

What containment recorded during an attempt, regardless of the outcome.

${formatTable([['observation', 'meaning'], ...observations])}
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
A user has grants: each is a role in one project, or in all projects and the instance itself. A
role is a set of permissions, not a rank: an operator cannot submit samples, and an investigator
cannot change engines. Someone who does both has both roles, in the same project or in different
ones. An API token has at most the permissions of its owner, and fewer if it was restricted to some
permissions or to one project.

${formatTable([['role', 'tasks'], ...roleRows])}

${formatTable([['permission', 'allows', 'scope', ...roleNames], ...matrix])}

${formatTable([['scope', 'meaning'], ...scopes])}

Resources of a project that the caller cannot see are reported as not found.

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
Every change writes its event in the same transaction, so no event is lost and none reports a
change that did not happen. \`lazaret events\` and \`GET /api/v1/events\` stream them; a stream resumes after
\`Last-Event-ID\`. Audited events are copied into the audit log, where each entry contains the hash of
the previous one; \`lazaret audit verify\` recomputes the chain.

${formatTable([['type', 'about', 'audited', 'what happened'], ...rows])}
`;
}
