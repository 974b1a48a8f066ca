/** What the commands on jobs are, as far as a person needs more than the operation's row says. */
import type { CommandSpec, FlagSpec } from '../command.ts';

const jobArgument = {
  name: 'job',
  required: true,
  summary: 'Id of the job',
  completes: 'job',
} as const;

const waitFlags: readonly FlagSpec[] = [
  { name: 'wait', short: 'w', summary: 'Wait for the end; the exit code says how it went' },
  { name: 'follow', short: 'f', summary: 'Wait, and show the log as it grows' },
  {
    name: 'cancel-on-interrupt',
    summary: 'Wait, and cancel the job on Ctrl-C instead of leaving it',
  },
];

const submitFlags: readonly FlagSpec[] = [
  ...waitFlags,
  {
    name: 'result',
    value: 'file',
    summary: 'Wait, and write the result to a file, or to standard output for -',
    completes: 'file',
  },
  { name: 'project', value: 'name', summary: 'Project of the job' },
  { name: 'name', value: 'name', summary: 'File name of the input, when it is not its own' },
  { name: 'tag', value: 'text', repeatable: true, summary: 'Tag of the job; repeatable' },
  { name: 'priority', value: 'number', summary: 'From -100 to 100; higher goes first (0)' },
  {
    name: 'parameter',
    short: 'p',
    value: 'name=value',
    repeatable: true,
    summary: 'Parameter of the engine; numbers, true and JSON are taken as such; repeatable',
  },
  {
    name: 'parameters',
    value: 'file|json',
    summary: 'All parameters from a YAML or JSON file, or as JSON',
    completes: 'file',
  },
  { name: 'time-limit', value: 'duration', summary: "Shorter than the engine's own: 90s, 10m" },
  { name: 'queue-time-limit', value: 'duration', summary: 'How long the job may wait: 1h' },
  { name: 'together', summary: 'All files are inputs of one job' },
  {
    name: 'idempotency-key',
    value: 'key',
    summary: 'The same key again answers with the first job',
  },
];

export const jobCommands: readonly CommandSpec[] = [
  {
    words: 'submit',
    group: 'Jobs',
    summary: 'Submit files to an engine',
    details:
      'Each file becomes a job; the ids go to standard output, one a line. With --wait, --follow ' +
      'or --result the command waits, and its exit code says how the job went.',
    arguments: [
      { name: 'engine', required: true, summary: 'Name of the engine', completes: 'engine' },
      {
        name: 'file',
        required: false,
        variadic: true,
        summary: 'Files to submit, or - for standard input',
        completes: 'file',
      },
    ],
    flags: submitFlags,
    examples: [
      'lazaret submit apktool sample.apk --wait',
      'lazaret submit strings *.bin --tag batch-7 --project lab',
      'curl -s https://example.org/x | lazaret submit strings - --name x --result - | less',
      'lazaret submit apktool big.apk --follow --time-limit 5m',
    ],
    load: async () => (await import('./submit.ts')).run,
  },
  {
    words: 'job',
    group: 'Jobs',
    summary: 'Show a job: state, outcome, attempts, artifacts, history',
    arguments: [jobArgument],
    flags: waitFlags,
    examples: ['lazaret job JOB', 'lazaret job JOB --wait && lazaret result JOB -o out.zip'],
    load: async () => (await import('./job.ts')).runJob,
  },
  {
    words: 'logs',
    group: 'Jobs',
    summary: 'Show the log of a job',
    details:
      'On a terminal, control characters and escape sequences are shown instead of obeyed: a ' +
      'sample wrote them.',
    arguments: [jobArgument],
    flags: [
      { name: 'follow', short: 'f', summary: 'Go on until the job ends' },
      { name: 'attempt', value: 'number', summary: 'Log of this attempt (the last one)' },
      {
        name: 'stream',
        value: 'name',
        choices: ['stdout', 'stderr'],
        summary: 'Only this stream (both)',
      },
      { name: 'raw', summary: 'Send control characters to the terminal as they are' },
    ],
    examples: ['lazaret logs -f JOB', 'lazaret logs JOB --attempt 1 --stream stderr'],
    load: async () => (await import('./logs.ts')).run,
  },
  {
    words: 'result',
    group: 'Jobs',
    summary: 'Fetch the result of a job',
    details:
      'Files appear whole or not at all, and only with the right SHA-256. Text on a terminal is ' +
      'shown with its control characters made visible; binary data is not sent to a terminal.',
    arguments: [jobArgument],
    flags: [
      {
        name: 'output',
        short: 'o',
        value: 'file',
        summary: 'File or directory to write to, or - for standard output (-)',
        completes: 'file',
      },
      { name: 'path', value: 'path', summary: 'This artifact instead of the result' },
      { name: 'all', summary: 'All artifacts, below the directory of --output' },
      { name: 'raw', summary: 'Send anything to a terminal as it is' },
    ],
    ownOutput: true,
    examples: [
      'lazaret result JOB -o result.zip',
      'lazaret result JOB --all -o results/',
      'lazaret result JOB | jq .',
    ],
    load: async () => (await import('./result.ts')).run,
  },
  {
    words: 'rerun',
    group: 'Jobs',
    summary: 'Submit the same again as a new job',
    details: 'The ids of the new jobs go to standard output, one a line.',
    arguments: [{ ...jobArgument, variadic: true, summary: 'Ids of the jobs' }],
    flags: [
      ...waitFlags,
      {
        name: 'same-revision',
        summary: 'Run the engine revision that ran before, not the present one',
      },
    ],
    examples: ['lazaret rerun JOB --wait'],
    load: async () => (await import('./job.ts')).runRerun,
  },
];
