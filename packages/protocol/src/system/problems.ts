/** Problems of the configuration, the database and the process. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const systemProblems = {
  invalid_configuration: {
    status: 400,
    title: 'Invalid configuration',
    hint: 'Run `lazaret config check` and correct each error.',
  },
  database_unavailable: {
    status: 503,
    title: 'Database unavailable',
    hint: 'An embedded database is restarted automatically; otherwise check DATABASE_URL.',
  },
  database_newer: {
    status: 503,
    title: 'Database schema is newer than this version',
    hint: 'Start the newer version of Lazaret, or restore the backup from before the upgrade.',
  },
  database_failed: {
    status: 503,
    title: 'Embedded database failed to start',
    hint: 'The detail names the database log file.',
  },
  database_version: {
    status: 503,
    title: 'Unsupported PostgreSQL version',
    hint: 'The detail names the version found and the version required.',
  },
  database_migrations: {
    status: 503,
    title: 'Migrations do not match the database',
    hint: 'Install the release unmodified, or restore the database that belongs to it.',
  },
  data_directory_unusable: {
    status: 503,
    title: 'Data directory not usable',
    hint: 'Correct what the detail names, or choose another directory with --data.',
  },
  data_directory_in_use: {
    status: 409,
    title: 'Data directory in use by another Lazaret process',
    hint: 'Stop that process first, or choose another directory with --data.',
  },
  address_in_use: {
    status: 409,
    title: 'Address already in use',
    hint: 'Choose another address with --listen, or omit it to use the next free port.',
  },
} as const satisfies Record<string, ProblemKind>;
