/** Problems of the configuration, the database and the process. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const systemProblems = {
  invalid_configuration: {
    status: 400,
    title: 'The configuration is not valid',
    hint: 'Run `lazaret config check` and correct what it names.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database does not answer',
    hint: 'It is restarted by itself when it is embedded; otherwise look at DATABASE_URL.',
  },
  database_newer: {
    status: 503,
    title: 'The database belongs to a newer Lazaret',
    hint: 'Start the newer version, or restore the backup made before the upgrade.',
  },
  database_failed: {
    status: 503,
    title: 'The embedded database could not be started',
    hint: 'The detail names the log file of the database.',
  },
  database_version: {
    status: 503,
    title: 'The version of PostgreSQL does not fit',
    hint: 'The detail names the version found and the version needed.',
  },
  database_migrations: {
    status: 503,
    title: 'The migrations do not match the database',
    hint: 'Install the program unchanged, or restore the database that belongs to it.',
  },
  data_directory_unusable: {
    status: 503,
    title: 'The data directory cannot be used',
    hint: 'Correct what the detail names, or start with another --data directory.',
  },
  data_directory_in_use: {
    status: 409,
    title: 'Another Lazaret runs on this data directory',
    hint: 'Stop it first, or start this one with another --data directory.',
  },
  address_in_use: {
    status: 409,
    title: 'The address is taken',
    hint: 'Choose another with --listen, or leave it out to take the next free port.',
  },
} as const satisfies Record<string, ProblemKind>;
