import { operations } from '@lazaret/protocol';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { appendEvents, createOutbox, type Outbox } from '../floor/events/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { countJobs } from './count-jobs.ts';
import { createMetrics, type Metrics } from './metrics.ts';

let database: TestDatabase;
let metrics: Metrics;
let outbox: Outbox;
let stop: AbortController;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.handle.pool.query('truncate jobs, attempts, nodes, events cascade');
  stop = new AbortController();
  const { db } = database.handle;
  const log = pino({ level: 'silent' });
  outbox = createOutbox({ database: db, log, signal: stop.signal });
  void outbox.run();
  metrics = createMetrics({
    database: db,
    version: '1.2.3',
    loops: () => [{ name: 'events', ok: true, idleMs: 250 }],
    readers: () => [{ name: 'audit', lagSeconds: async () => 1.5 }],
    subscribers: () => outbox.subscribers,
  });
  void countJobs({ metrics, outbox, database: db, log, signal: stop.signal });
});
afterEach(() => stop.abort());

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Map<string, number>;
}

/** Reads the text format of Prometheus (0.0.4), strictly. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const help = new Map<string, string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const described = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (described !== null) {
      const [, kind, name = '', rest = ''] = described;
      if (kind === 'HELP') help.set(name, rest);
      else families.set(name, { type: rest, help: help.get(name) ?? '', samples: new Map() });
      continue;
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(
        line,
      );
    expect(sample, line).not.toBeNull();
    const [, name = '', labels = '', value = ''] = sample ?? [];
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
    expect(family, `${name} has no TYPE`).toBeDefined();
    const key = `${name}${labels}`;
    expect(family?.samples.has(key), `${key} twice`).toBe(false);
    // Prometheus reads NaN in any case, and the library writes it like this.
    expect(value).toMatch(/^([+-]?(\d|\.)[\d.e+-]*|[+-]Inf|NaN)$/i);
    family?.samples.set(key, Number(value));
  }
  return families;
}

async function sample(name: string): Promise<number | undefined> {
  const families = parse(await metrics.read());
  for (const family of families.values()) {
    const value = family.samples.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

async function insertJob(id: string, engine: string, state: string): Promise<void> {
  await database.handle.pool.query(
    `insert into jobs (id, project, engine, engine_revision, state, memory_bytes, cpus, time_limit_ms,
       queue_time_limit_ms, submitted_by, outcome_code, queued_at)
     values ($1, 'default', $2, 1, $3, 1, 1, 1, 1, 'x', $4, now() - interval '90 seconds')`,
    [id, engine, state, state === 'failed' ? 'exit_code' : state === 'succeeded' ? state : null],
  );
}

test('the text parses; every family has a description, a valid name and a unit', async () => {
  await insertJob('q', 'tool', 'queued');
  const families = parse(await metrics.read());
  for (const [name, { type, help }] of families) {
    expect(help, name).not.toBe('');
    if (!name.startsWith('lazaret_')) continue;
    if (type === 'counter') expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    expect(name).not.toMatch(/_(ms|milliseconds|kilobytes)/);
  }
  expect([...families.keys()]).toEqual(
    expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']),
  );
});

test('the queue, live jobs and nodes match the database', async () => {
  await insertJob('q1', 'tool', 'queued');
  await insertJob('q2', 'tool', 'queued');
  await insertJob('q3', 'other', 'queued');
  await insertJob('r', 'tool', 'running');
  await database.handle.pool.query(
    `insert into nodes (name, kind, endpoint, state, memory_bytes, cpus, reserved_memory_bytes, reserved_cpus, live_attempts)
     values ('n"1\\', 'docker', 'unix:///x', 'online', 4096, 2, 1024, 0.5, 1)`,
  );
  expect(await sample('lazaret_jobs{state="queued"}')).toBe(3);
  expect(await sample('lazaret_jobs{state="running"}')).toBe(1);
  expect(await sample('lazaret_jobs{state="collecting"}')).toBe(0);
  expect(await sample('lazaret_queue_jobs{engine="tool"}')).toBe(2);
  expect(await sample('lazaret_queue_oldest_wait_seconds{engine="tool"}')).toBeGreaterThanOrEqual(
    90,
  );
  const node = String.raw`{node="n\"1\\"}`;
  expect(await sample(`lazaret_node_up${node}`)).toBe(1);
  expect(await sample(`lazaret_node_memory_bytes${node}`)).toBe(4096);
  expect(await sample(`lazaret_node_cpus_reserved${node}`)).toBe(0.5);
  expect(await sample('lazaret_event_reader_lag_seconds{reader="audit"}')).toBe(1.5);
  expect(await sample('lazaret_loop_up{loop="events"}')).toBe(1);
  expect(await sample('lazaret_build_info{version="1.2.3"}')).toBe(1);
  // Removed nodes and engines have no series.
  await database.handle.pool.query(
    `delete from jobs where engine = 'tool'; truncate nodes cascade`,
  );
  expect(await sample('lazaret_queue_jobs{engine="tool"}')).toBeUndefined();
  expect(await sample(`lazaret_node_up${node}`)).toBeUndefined();
});

test('hooks: requests of this process, and results of the instance from the database', async () => {
  const { pool } = database.handle;
  await pool.query(`
    insert into registries (id, project, name, address, source, enabled, settings, created_by)
    values ('r2', 'default', 'forge', 'forge.lab', 'api', true, '{}', 'ana');
    insert into hooks (id, name, registry, kind, path, authentication, check_image, created_by,
      processed, dead_lettered, duration_counts, duration_seconds)
    values ('h1', 'forge', 'r2', 'zot', 'p', 'header', false, 'ana', 5, 2,
      '{0,0,1,2,3,4,5,5,6,6,7,7}', 12.5);
    insert into hook_deliveries (id, hook, state, test, headers, content_bytes, content_hash,
      received_at)
    select 'd' || n, 'h1', case when n < 3 then 'queued' else 'dead' end, false, '{}', 1, 'x',
      now() - interval '90 seconds' from generate_series(1, 3) as n`);
  metrics.observeHook({ hook: 'forge', outcome: 'accepted', seconds: 0.004 });
  metrics.observeHook({ hook: 'forge', outcome: 'hook_not_authentic', seconds: 0.001 });
  const values = new Map(
    [...parse(await metrics.read()).values()].flatMap(({ samples }) => [...samples]),
  );
  const find = (name: string): number | undefined => values.get(`lazaret_hook_${name}`);
  expect(find('requests_total{hook="forge",outcome="accepted"}')).toBe(1);
  expect(find('requests_total{hook="forge",outcome="hook_not_authentic"}')).toBe(1);
  expect(find('request_duration_seconds_bucket{le="0.005",outcome="accepted"}')).toBe(1);
  expect(find('deliveries_waiting{hook="forge"}')).toBe(2);
  expect(find('oldest_waiting_seconds{hook="forge"}')).toBeGreaterThanOrEqual(90);
  expect(find('dead_letters{hook="forge"}')).toBe(1);
  expect(find('deliveries_total{hook="forge",outcome="processed"}')).toBe(5);
  expect(find('deliveries_total{hook="forge",outcome="dead"}')).toBe(2);
  expect(find('processing_duration_seconds_bucket{le="1"}')).toBe(5);
  expect(find('processing_duration_seconds_bucket{le="+Inf"}')).toBe(7);
  expect(find('processing_duration_seconds_count')).toBe(7);
  expect(find('processing_duration_seconds_sum')).toBe(12.5);
  await pool.query(`delete from registries where id = 'r2'`);
  expect(await sample('lazaret_hook_dead_letters{hook="forge"}')).toBeUndefined();
});

test('registries and arrivals match the database, and a removed one has no series', async () => {
  const { pool } = database.handle;
  await pool.query(`
    insert into registries (id, project, name, address, source, enabled, settings, created_by,
      failures, poll_complete_at)
    values ('r1', 'default', 'lab', 'registry.lab', 'api', true, '{}', 'ana', 2,
      now() - interval '90 seconds');
    insert into arrivals (id, project, registry, repository, digest, source, priority, state)
    select 'a' || n, 'default', 'r1', 'lab/app', 'sha256:1', 'poll', 20,
      case when n < 4 then 'waiting' else 'inspected' end from generate_series(1, 5) as n`);
  const found = parse(await metrics.read());
  const label = '{registry="lab",project="default"}';
  const valueOf = (name: string, labels: string): number | undefined =>
    found.get(name)?.samples.get(`${name}${labels}`) ?? found.get(name)?.samples.get(labels);
  expect(valueOf('lazaret_arrivals_waiting', '{source="poll"}')).toBe(3);
  expect(valueOf('lazaret_registry_poll_failures', label)).toBe(2);
  expect(valueOf('lazaret_registry_poll_age_seconds', label)).toBeGreaterThanOrEqual(90);
  await pool.query('delete from registries');
  const after = parse(await metrics.read());
  expect(after.get('lazaret_registry_poll_failures')?.samples.size ?? 0).toBe(0);
});

test('decisions of the last hour, undecided arrivals and judging again match the database', async () => {
  const { pool } = database.handle;
  await pool.query(`
    insert into registries (id, project, name, address, source, enabled, settings, created_by)
    values ('r2', 'default', 'judged', 'registry.judged', 'api', true, '{}', 'ana');
    insert into arrivals (id, project, registry, repository, digest, source, priority, state,
      settled_at)
    select 'u' || n, 'default', 'r2', 'lab/app', 'sha256:1', 'poll', 20, 'inspected', now()
    from generate_series(1, 2) as n;
    insert into rejudgements (project, state, total, judged) values ('default', 'paused', 9, 4);
    insert into decisions (id, project, registry, registry_name, repository, digest, tags, arrival,
      trigger, policy_name, policy_version, policy_sha256, verdict, action, actions, reasons,
      images, rules, exceptions, approved_by, caused_by)
    select id, 'default', 'r2', 'judged', 'lab/app', 'sha256:1', '{}', 'u1', 'arrival', 'default',
      0, '', 'fail', 'block', '[]', '{}', '[]', '[]', '[]', 'policy', 'watcher'
    from unnest(array['0000000000000001', 'zzzzzzzzzzzzzzzz']) as id`);
  expect(await sample('lazaret_decisions_last_hour{action="block"}')).toBe(1);
  expect(await sample('lazaret_arrivals_undecided')).toBe(2);
  expect(await sample('lazaret_rejudge_pending_images')).toBe(5);
});

test('targets of notifications have totals, and what waits', async () => {
  const { pool } = database.handle;
  await pool.query(`
    insert into notification_targets (id, name, kind, source, enabled, settings, created_by,
      delivered, dead, failed, failures)
    values ('t1', 'soc', 'webhook', 'api', true, '{}', 'ana', 7, 2, 5, 3);
    insert into notification_deliveries (id, target, type, subject, event, cursor, queued_at)
    select 'd' || n, 't1', 'job.moved', 'x', '{}', n, now() - n * interval '30 seconds'
    from generate_series(1, 3) as n`);
  const target = 'target="soc"';
  for (let scrape = 0; scrape < 2; scrape += 1) {
    const total = 'lazaret_notification_deliveries_total';
    expect(await sample(`${total}{${target},outcome="delivered"}`)).toBe(7);
    expect(await sample(`${total}{${target},outcome="dead"}`)).toBe(2);
  }
  expect(await sample(`lazaret_notification_failed_attempts_total{${target}}`)).toBe(5);
  expect(await sample(`lazaret_notification_target_failures{${target}}`)).toBe(3);
  expect(await sample(`lazaret_notification_deliveries_pending{${target}}`)).toBe(3);
  expect(
    await sample(`lazaret_notification_oldest_pending_seconds{${target}}`),
  ).toBeGreaterThanOrEqual(90);
  await pool.query('delete from notification_targets');
  expect(await sample(`lazaret_notification_target_failures{${target}}`)).toBeUndefined();
});

test('finished jobs are counted once each, with the phases of their last attempt', async () => {
  await expect.poll(() => outbox.subscribers).toBe(1);
  await database.handle.pool.query(
    `insert into nodes (name, kind, endpoint) values ('n', 'docker', 'unix:///x')`,
  );
  for (const [id, state] of [
    ['a', 'succeeded'],
    ['b', 'succeeded'],
    ['c', 'failed'],
  ] as const) {
    await insertJob(id, 'tool', state);
    await database.handle.pool.query(
      `insert into attempts (id, job, number, node, fence, lease_until, engine_revision, image_digest,
         memory_bytes, cpus, telemetry, finished_at)
       values ($1, $1, 1, 'n', 'f', now(), 1, 'd', 1, 1, '{"runMs": 1500, "pullMs": null}', now())`,
      [id],
    );
    await appendEvents(database.handle.db, [
      { type: 'job.finished', subject: id, actor: 'worker', project: 'default' },
    ]);
  }
  outbox.wake();
  const succeeded = 'lazaret_jobs_total{engine="tool",state="succeeded",outcome="succeeded"}';
  await expect.poll(() => sample(succeeded)).toBe(2);
  expect(await sample('lazaret_jobs_total{engine="tool",state="failed",outcome="exit_code"}')).toBe(
    1,
  );
  const run = 'engine="tool",phase="run"';
  expect(await sample(`lazaret_attempt_phase_duration_seconds_count{${run}}`)).toBe(3);
  expect(await sample(`lazaret_attempt_phase_duration_seconds_sum{${run}}`)).toBe(4.5);
  expect(
    await sample(`lazaret_attempt_phase_duration_seconds_count{engine="tool",phase="pull"}`),
  ).toBeUndefined();
});

test('buckets of a histogram never decrease, and end with the total', async () => {
  for (const seconds of [0.0004, 0.03, 0.03, 7, 900]) {
    metrics.observeAnswer(operations.jobs.list, 200, seconds);
  }
  const family = parse(await metrics.read()).get('lazaret_http_request_duration_seconds');
  const buckets = [...(family?.samples ?? [])].filter(([key]) => key.includes('_bucket{'));
  const counts = buckets.map(([, count]) => count);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(buckets.at(-1)?.[0]).toContain('le="+Inf"');
  expect(counts.at(-1)).toBe(5);
  expect(
    await sample('lazaret_http_request_duration_seconds_count{operation="jobs.list",status="200"}'),
  ).toBe(5);
});

test('without the database the process still reports its own metrics', async () => {
  const other = await createTestDatabase(inject('databaseUrl'));
  const alone = createMetrics({
    database: other.handle.db,
    version: '1',
    loops: () => [],
    readers: () => [{ name: 'audit', lagSeconds: () => Promise.reject(new Error('planted')) }],
    subscribers: () => 0,
  });
  await other.drop();
  const families = parse(await alone.read());
  expect(families.get('lazaret_database_up')?.samples.get('lazaret_database_up')).toBe(0);
  expect(families.get('lazaret_jobs')?.samples.size).toBe(0);
});
