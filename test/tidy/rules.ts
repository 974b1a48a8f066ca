/** What a file may look like, and the few that may look otherwise. */

export const sizes = {
  fileLines: 400,
  functionLines: 70,
  componentLines: 130,
  parameters: 3,
  lineChars: 100,
} as const;

/** Names that say nothing about what is inside. */
export const bannedNames: readonly string[] = [
  ...['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc', 'shared', 'stuff'],
];

/** Marks of work that was left. Put together here so that this file does not hold them. */
export const workMarks: readonly string[] = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'];

/** Traces of one machine, and hosts that a clone elsewhere may not reach. */
export const machineTraces: readonly RegExp[] = [
  new RegExp('(^|[\\s"\'`(=:,])/' + '(work|root|home/[a-z]+)/'),
  new RegExp('https?://' + '[a-z0-9.-]*(registry|artifactory|nexus|proxy|mirror)[a-z0-9.-]*[:/]'),
];

export interface Exception {
  readonly file: string;
  readonly rule: string;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    file: 'packages/server/src/floor/db/advisory-lock.ts',
    rule: 'parameters',
    reason: 'the work comes last, as everywhere, and is not hidden among the options',
  },
  {
    file: 'packages/server/src/testing/job-fixture.ts',
    rule: 'function-lines',
    reason: 'one object of short methods that share what it opens',
  },
  {
    file: 'packages/analysis/src/report/testing/schemas/bom-1.6.schema.json',
    rule: 'work-mark',
    reason: 'a published schema, kept as it is, remarks of its authors and all',
  },
];

/** Programs and configurations: what is reached from none of these is dead. */
export const entries: readonly RegExp[] = [
  /^packages\/[^/]+\/src\/(index|main)\.tsx?$/,
  /^packages\/[^/]+\/src\/(registry|testing)\/index\.ts$/,
  /^packages\/cli\/bin\/lazaret\.mjs$/,
  /^packages\/console\/vite\.config\.ts$/,
  /^packages\/console\/public\/[^/]+\.js$/,
  /\.test\.tsx?$/,
  /^vitest\.config\.ts$/,
  /^test\/global-setup\.ts$/,
  // started by name: npm scripts, the server, other tools
  /^tools\/bootstrap\.mjs$/,
  /^tools\/(build-(engines|image)|check|conformance|docker|fuzz|make-sample-apk|registry|run-tests|write-docs)\.ts$/,
  /^tools\/build-program\.mjs$/,
  /^deploy\/probe\.mjs$/,
  /^bench\/([^/]+\/)+bench\.ts$/,
  // threads
  /^packages\/analysis\/src\/scan\/yara\/yara-worker\.ts$/,
  /^packages\/analysis\/src\/inspection\/layers\/layer-thread\.ts$/,
  /^packages\/analysis\/src\/archive\/browse\/browse-thread\.ts$/,
  /^bench\/inspect\/bound\.ts$/,
  /^tools\/fuzz\/fuzz-worker\.ts$/,
];

/** Configuration files whose readers demand a default export. */
export const defaultExports: readonly RegExp[] = [/(^|\/)(vite|vitest|playwright)\.config\.ts$/];
