/** The custom commands on jobs: each does more than the operation of its row. */
import type { CommandSpec, FlagSpec } from '../../command/command.ts';

const group = 'Jobs';
const jobArgument = {
  name: 'job',
  required: true,
  summary: 'ID of the job',
  completes: 'job',
} as const;

const waitFlags: readonly FlagSpec[] = [
  { name: 'wait', short: 'w', summary: 'Wait for the end; the exit code is that of the job' },
  { name: 'follow', short: 'f', summary: 'Wait, and follow the log' },
  {
    name: 'cancel-on-interrupt',
    summary: 'Wait, and cancel the job on Ctrl-C instead of detaching',
  },
];

const submitFlags: readonly FlagSpec[] = [
  ...waitFlags,
  {
    name: 'result',
    value: 'file',
    summary: 'Wait, and write the result to a file, or to standard output with -',
    completes: 'file',
  },
  { name: 'project', value: 'name', summary: 'Project of the job' },
  { name: 'name', value: 'name', summary: 'File name of the input (default: its own)' },
  { name: 'tag', value: 'text', repeatable: true, summary: 'Tag of the job; repeatable' },
  { name: 'priority', value: 'number', summary: 'Priority from -100 to 100 (default 0)' },
  {
    name: 'parameter',
    short: 'p',
    value: 'name=value',
    repeatable: true,
    summary:
      'Parameter of the engine; values are parsed as JSON if possible; of several engines, ' +
      'engine:name=value is for one of them; repeatable',
  },
  {
    name: 'parameters',
    value: 'file|json',
    summary: 'All parameters as JSON, or from a YAML or JSON file',
    completes: 'file',
  },
  {
    name: 'time-limit',
    value: 'duration',
    summary: 'Time limit, below that of the engine: 90s, 10m',
  },
  { name: 'queue-time-limit', value: 'duration', summary: 'Maximum time in the queue: 1h' },
  {
    name: 'together',
    summary: 'Submit all files as inputs of one job; of several engines, of those that allow it',
  },
  {
    name: 'idempotency-key',
    value: 'key',
    summary:
      'Return the existing jobs if this key was used before with the same engines and files. One ' +
      'job has the key itself; each of several has one derived from the key, engine and position',
  },
];

/** The filter of `jobs list`, to select many jobs. */
const filterFlags: readonly FlagSpec[] = [
  { name: 'project', value: 'name', summary: 'Only jobs of this project' },
  {
    name: 'engine',
    value: 'name',
    repeatable: true,
    summary: 'Only jobs of this engine; repeatable',
    completes: 'engine',
  },
  { name: 'state', value: 'state', repeatable: true, summary: 'Only this state; repeatable' },
  { name: 'tag', value: 'text', summary: 'Only jobs with this tag' },
  { name: 'submitted-by', value: 'user', summary: 'Only jobs of this user' },
  { name: 'node', value: 'name', summary: 'Only jobs on this node' },
  { name: 'sha256', value: 'digest', summary: 'Only jobs with this file as input or result' },
  { name: 'text', value: 'text', summary: 'Only jobs with this in a file name or tag' },
  { name: 'not-after', value: 'job', summary: 'No jobs submitted after this one' },
  { name: 'every', summary: 'All jobs' },
  { name: 'dry-run', summary: 'Only count the jobs that match' },
  { name: 'yes', short: 'y', summary: 'Do not ask before changing jobs by filter' },
];

export const jobCommands: readonly CommandSpec[] = [
  {
    words: 'jobs submit',
    shortcuts: ['submit'],
    group,
    summary: 'Submit files to one or several engines',
    details:
      'Each file becomes a job of each engine; job IDs are printed one per line. With --wait, ' +
      '--follow or --result the command waits, and its exit code is that of the first job that ' +
      'did not succeed. Each file is uploaded once. An engine that refuses a file does not ' +
      'affect the others; the exit code is then not 0.',
    arguments: [
      {
        name: 'engine',
        required: true,
        summary: 'Name of the engine; several are separated by commas',
        completes: 'engine',
        list: true,
      },
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
      'lazaret submit strings,apktool sample.apk --wait -p strings:minimumLength=8',
      'lazaret submit strings *.bin --tag batch-7 --project lab',
      'curl -s https://example.org/x | lazaret submit strings - --name x --result - | less',
      'lazaret submit apktool big.apk --follow --time-limit 5m',
    ],
    load: async () => (await import('./submit.ts')).run,
  },
  {
    words: 'jobs show',
    shortcuts: ['job'],
    group,
    summary: 'Show a job: state, outcome, attempts, artifacts, history',
    arguments: [jobArgument],
    flags: waitFlags,
    examples: ['lazaret job JOB', 'lazaret job JOB --wait && lazaret result JOB -O out.zip'],
    load: async () => (await import('./show-job.ts')).runJob,
  },
  {
    words: 'jobs logs',
    shortcuts: ['logs'],
    group,
    summary: 'Show the log of a job',
    details:
      'On a terminal, control characters and escape sequences are escaped, since the log is ' +
      'untrusted input.',
    arguments: [jobArgument],
    flags: [
      { name: 'follow', short: 'f', summary: 'Follow the log until the job ends' },
      { name: 'attempt', value: 'number', summary: 'Attempt (default: the last one)' },
      {
        name: 'stream',
        value: 'name',
        choices: ['stdout', 'stderr'],
        summary: 'Only this stream (default: both)',
      },
      { name: 'raw', summary: 'Do not escape control characters on a terminal' },
    ],
    formats: ['text'],
    examples: ['lazaret logs -f JOB', 'lazaret logs JOB --attempt 1 --stream stderr'],
    load: async () => (await import('./logs.ts')).run,
  },
  {
    words: 'jobs result',
    shortcuts: ['result'],
    group,
    summary: 'Download the result of a job',
    details:
      'Files are written completely or not at all, and their SHA-256 is verified. Text on a ' +
      'terminal is escaped; binary data is not written to a terminal. With -o json or yaml the ' +
      'files that were written are listed, or without a file the artifacts of the job.',
    arguments: [jobArgument],
    flags: [
      { name: 'path', value: 'path', summary: 'Download this artifact instead of the result' },
      { name: 'all', summary: 'Download all artifacts to the directory --output-file' },
      { name: 'raw', summary: 'Do not escape or refuse anything on a terminal' },
    ],
    formats: ['raw', 'json', 'yaml'],
    ownOutputFile: true,
    outputWasFile: true,
    examples: [
      'lazaret result JOB -O result.zip',
      'lazaret result JOB --all -O results/',
      'lazaret result JOB | jq .',
    ],
    load: async () => (await import('./result.ts')).run,
  },
  {
    words: 'jobs cancel',
    shortcuts: ['cancel'],
    group,
    summary: 'Cancel jobs by ID, or all active jobs that match a filter',
    details: 'Running containers are killed. Jobs that have ended stay as they are.',
    arguments: [{ ...jobArgument, required: false, variadic: true, summary: 'IDs of the jobs' }],
    flags: filterFlags,
    examples: [
      'lazaret cancel JOB',
      'lazaret jobs cancel --state queued --engine apktool',
      'lazaret jobs cancel --tag batch-7 --dry-run',
    ],
    load: async () => (await import('./change-many.ts')).runCancel,
  },
  {
    words: 'jobs rerun',
    shortcuts: ['rerun'],
    group,
    summary: 'Submit jobs again by ID, or all ended jobs that match a filter',
    details: 'The IDs of the new jobs are printed one per line, or by filter as a table.',
    arguments: [{ ...jobArgument, required: false, variadic: true, summary: 'IDs of the jobs' }],
    flags: [
      ...waitFlags,
      ...filterFlags,
      {
        name: 'same-revision',
        summary: 'Use the same engine revision instead of the current one',
      },
    ],
    examples: ['lazaret rerun JOB --wait', 'lazaret jobs rerun --state failed --tag batch-7'],
    load: async () => (await import('./change-many.ts')).runRerun,
  },
];
