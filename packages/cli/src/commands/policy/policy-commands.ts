/** The custom commands about policies: some need no server. */
import type { ArgumentSpec, CommandSpec } from '../../command/command.ts';

const group = 'Policies';

const policies: ArgumentSpec = {
  name: 'policies',
  required: true,
  variadic: true,
  summary: 'Policy files, or directories that contain them',
  completes: 'file',
};

const projectFlag = { name: 'project', value: 'name', summary: 'Project' } as const;

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
  {
    words: 'policy apply',
    group,
    summary: 'Put policies in force on a server; another document becomes a new version',
    details:
      'Each document is checked first, so that none is applied if one has a fault. Stored images ' +
      'are judged again in the background; `lazaret policy rejudge --dry-run --policy FILE` shows ' +
      'what would change',
    arguments: [policies],
    flags: [projectFlag],
    examples: ['lazaret policy apply policies/default.yaml'],
    load: async () => (await import('./apply.ts')).run,
  },
  {
    words: 'policy rejudge',
    group,
    summary: 'Judge stored images again, or show what would change',
    details:
      'Happens by itself after every change of policies and exceptions, the newest images first. ' +
      'Nothing is inspected or fetched again; only changed results become new decisions',
    arguments: [],
    flags: [
      projectFlag,
      { name: 'dry-run', summary: 'Only show what would change: counts, and the images' },
      {
        name: 'policy',
        value: 'file',
        summary: 'With --dry-run: try this policy instead of the one of its name',
        completes: 'file',
      },
      { name: 'status', summary: 'Show how far judging again is' },
      { name: 'pause', summary: 'Pause it; new arrivals are still decided' },
      { name: 'resume', summary: 'Continue it' },
      { name: 'wait', summary: 'Wait for the end' },
    ],
    examples: [
      'lazaret policy rejudge --dry-run --policy app.yaml',
      'lazaret policy rejudge --status',
    ],
    load: async () => (await import('./rejudge.ts')).run,
  },
  {
    words: 'exceptions import',
    group,
    summary: 'Read an OpenVEX or CSAF VEX document as exceptions',
    details:
      'Importing a document of the same name again replaces its exceptions. Statements that do ' +
      'not become exceptions are listed with the reason',
    arguments: [
      {
        name: 'document',
        required: true,
        summary: 'VEX document, or - for standard input',
        completes: 'file',
      },
    ],
    flags: [
      { name: 'expires', value: 'date', summary: 'When its statements have to be reviewed' },
      { name: 'owner', value: 'text', summary: 'Who accepted the document (default: you)' },
      { name: 'name', value: 'text', summary: 'Name of the document (default: of the file)' },
      projectFlag,
    ],
    examples: ['lazaret exceptions import vendor.openvex.json --expires 2027-06-30'],
    load: async () => (await import('./import-vex.ts')).run,
  },
];
