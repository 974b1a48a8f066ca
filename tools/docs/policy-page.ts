/** The page of the variables and functions that conditions of policies can use. */
import {
  functions,
  plannedVariables,
  recordTypes,
  signatureOf,
  typeName,
  variables,
  type ValueType,
} from '../../packages/policy/src/index.ts';
import { code, formatTable, heading } from './table.ts';

export function policyVariablesPage(): string {
  const rows = [...variables.values()].map(({ name, type, description, optional }) => [
    code(name),
    code(typeName(type)),
    optional ? 'only if the report has it' : '',
    description,
  ]);
  const planned = Object.entries(plannedVariables)
    .filter(([, reason]) => !reason.startsWith('write '))
    .map(([name, reason]) => [code(name), reason]);
  const calls = functions.map((row) => [code(signatureOf(row)), row.summary]);
  return `${heading('Variables of policies', 'packages/policy/src/facts/fact-schema.ts')}
What conditions and messages of [policies](policies.md) can use, in CEL. A name, field or known value
that is not on this page is an error when a policy is checked, with the nearest name.

An absent text, list, map, record or switch reads as empty, and \`has(x.field)\` is then false. An
absent number or time has no empty value: a condition that reads one has to guard it, as in
\`has(f.line) && f.line > 3\`, or the policy is refused.

## Variables

${formatTable([['variable', 'type', 'present', 'content'], ...rows])}

A rule that uses a variable which a report does not have ends in an error, and the verdict is
incomplete. These variables do not exist yet, and a policy that uses one is refused:

${formatTable([['variable', 'reason'], ...planned])}

## Functions

Besides the operators and the macros \`has\`, \`all\`, \`exists\`, \`exists_one\`, \`filter\` and \`map\` of
CEL:

${formatTable([['function', 'result'], ...calls])}

## Records

${[...recordTypes()].map(([name, { fields }]) => recordSection(name, fields)).join('\n')}`;
}

type Fields = Extract<ValueType, { kind: 'record' }>['fields'];

function recordSection(name: string, fields: Fields): string {
  const rows = [...fields].map(([field, { type, optional, description }]) => [
    code(field),
    code(typeName(type)),
    optional ? 'may be absent' : '',
    [description ?? '', knownValues(type)].filter(Boolean).join('. '),
  ]);
  return `### ${name}\n\n${formatTable([['field', 'type', 'present', 'content'], ...rows])}\n`;
}

/** The values of an enum; a single one says nothing. */
function knownValues(type: ValueType): string {
  const own = type.kind === 'list' ? type.element : type;
  if (own.kind !== 'string' || own.values === undefined || own.values.length < 2) return '';
  return `One of ${own.values.map(code).join(', ')}`;
}
