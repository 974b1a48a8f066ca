/** Settings of PostgreSQL for 2 cores, little memory, many short transactions. */
const settings: Readonly<Record<string, string>> = {
  // Only reachable through its own directory; see cluster.ts.
  listen_addresses: '',
  unix_socket_directories: '.',
  unix_socket_permissions: '0700',

  shared_buffers: '128MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '512MB',
  max_wal_size: '512MB',
  random_page_cost: '1.1',
  // JIT compilation and parallel plans cost more than they save for short queries on 2 cores, and
  // parallel plans need /dev/shm, which is small in containers.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  max_worker_processes: '4',
  autovacuum_max_workers: '2',
  // Queue tables change fast.
  autovacuum_naptime: '20s',

  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  log_lock_waits: 'on',
  // Statements and parameters may contain secrets.
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: '0',
};

const durable: Readonly<Record<string, string>> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
};

const volatile: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
};

interface SettingsOptions {
  readonly durable: boolean;
  readonly connections: number;
}

/** The arguments for all settings; those in the files of the cluster are ignored. */
export function settingArguments(options: SettingsOptions): string[] {
  const all = {
    ...settings,
    ...(options.durable ? durable : volatile),
    max_connections: String(options.connections),
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
