/** The commands about policies, which need no server. */
import type { ArgumentSpec, CommandSpec } from '../../command/command.ts';

const group = 'Policies';

const policies: ArgumentSpec = {
  name: 'policies',
  required: true,
  variadic: true,
  summary: 'Policy files, or directories that contain them',
  completes: 'file',
};

export const policyCommands: readonly CommandSpec[] = [
  {
    words: 'policy validate',
    group,
    summary: 'Check policies: fields, types of conditions, exceptions, VEX documents',
    details: 'Prints every fault with its line and column; see docs/policies.md',
    arguments: [policies],
    flags: [],
    examples: [
      'lazaret policy validate policies/default.yaml',
      'lazaret policy validate policies/',
    ],
    load: async () => (await import('./validate.ts')).run,
  },
  {
    words: 'policy test',
    group,
    summary: 'Run the test cases of policies',
    details:
      'Test cases are the `tests` of a policy, and those in `NAME.test.yaml` next to `NAME.yaml`. ' +
      'Exits with 1 if one fails, or if a policy has none',
    arguments: [policies],
    flags: [],
    examples: ['lazaret policy test policies/', 'lazaret policy test app.yaml -o json'],
    load: async () => (await import('./test.ts')).run,
  },
  {
    words: 'policy explain',
    group,
    summary: 'Show what a policy decides about an inspected image, and why',
    details:
      'For each rule: whether it matches, with the evidence and the values of its conditions, the ' +
      'exceptions that apply, and the actions with the reason why one is withheld. Changes nothing',
    arguments: [{ name: 'policy', required: true, summary: 'Policy file', completes: 'file' }],
    flags: [
      {
        name: 'report',
        value: 'file',
        summary: 'Report saved with `lazaret inspect -o json`, or - for standard input',
        completes: 'file',
      },
      { name: 'registry', value: 'host', summary: 'Registry, if the report is not from there' },
      { name: 'repository', value: 'name', summary: 'Repository, likewise' },
      { name: 'tag', value: 'tag', summary: 'Tag, likewise' },
      { name: 'exit-code', summary: 'Exit with 10 if the verdict is fail, 12 if incomplete' },
      {
        name: 'now',
        value: 'time',
        summary: 'Evaluate as of this time, e.g. 2027-01-31T00:00:00Z',
      },
    ],
    examples: [
      'lazaret policy explain policies/default.yaml --report app.json',
      'lazaret inspect app:1.2 -o json | lazaret policy explain policies/default.yaml --report -',
    ],
    load: async () => (await import('./explain.ts')).run,
  },
];
