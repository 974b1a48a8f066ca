/**
 * Expectations for each command in README.md and docs/getting-started.md, or why no test runs it.
 */

export interface DocumentedCommand {
  /** The start of the command. */
  readonly starts: string;
  /** Its output, with the values for later commands. */
  readonly prints?: RegExp;
  /** A file that it writes. */
  readonly writes?: string;
  /** Repeated until its output matches, as a reader would. */
  readonly repeat?: true;
  /** Why it cannot run in a test. */
  readonly notRun?: string;
}

const job = /"(?:jobid|id)":"(?<JOB>[a-z0-9]{16})"/;

export const documentedCommands: readonly DocumentedCommand[] = [
  { starts: 'npm start', prints: /(?<LINK>http:\/\/\S+#link=\S+)[\s\S]*succeeded/ },
  { starts: 'npm test', notRun: 'it is the run that this test is part of' },
  { starts: 'TOKEN=' },
  { starts: 'API=' },
  {
    starts: 'curl -T engines/apktool/sample.apk -H "Authorization: Bearer $TOKEN" http',
    prints: job,
  },
  {
    starts: 'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8100/result/',
    prints: /"status":"Success"/,
    repeat: true,
  },
  { starts: 'curl -o result.zip', writes: 'result.zip' },
  {
    starts:
      'curl -T engines/apktool/sample.apk -H "Authorization: Bearer $TOKEN" -X POST "$API/art',
    prints: /"sha256":"(?<SHA256>[0-9a-f]{64})"/,
  },
  {
    starts: `curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$API/jobs"`,
    prints: job,
  },
  {
    starts: 'curl -H "Authorization: Bearer $TOKEN" "$API/jobs/JOB?waitSeconds=30"',
    prints: /"state":"succeeded"/,
  },
  { starts: 'curl -N -H', prints: /succeeded/ },
  { starts: 'bin/lazaret submit', prints: /^(?<JOB>[a-z0-9]{16})$/m },
  { starts: 'bin/lazaret logs -f JOB', prints: /apktool|I: / },
  { starts: 'bin/lazaret result JOB -O result.zip', writes: 'result.zip' },
  { starts: 'bin/lazaret inspect image.tar -o sarif', writes: 'app.sarif' },
  { starts: 'bin/lazaret inspect image.tar', prints: /linux\/amd64|verdict/i },
  { starts: 'bin/lazaret inspect dir:', prints: /verdict|unscanned/i },
  { starts: 'bin/lazaret inspect registry.example', notRun: 'the registry is an example' },
  { starts: 'bin/lazaret setup scanners', notRun: 'it downloads signatures of malware' },
  { starts: 'bin/lazaret registries add', prints: /registry\.lab:5000/ },
  { starts: 'bin/lazaret registries check', notRun: 'the registry is an example' },
  { starts: 'bin/lazaret hooks add', prints: /hook_/ },
  { starts: 'bin/lazaret arrivals list --watch', notRun: 'it runs until it is interrupted' },
  { starts: 'bin/lazaret policy apply', prints: /default version 1 is in force/ },
];

/** The longest row that is a prefix of the command. */
export function expectationOf(command: string): DocumentedCommand | undefined {
  return documentedCommands
    .filter(({ starts }) => command.startsWith(starts))
    .toSorted((one, other) => other.starts.length - one.starts.length)[0];
}
