/** Starting and stopping of the whole program: one at a time, no leftovers, no data loss. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { isFinal, operations, Problem } from '@lazaret/protocol';
import { afterEach, expect, inject, test } from 'vitest';

import { createTestDatabase } from '../packages/server/src/testing/database.ts';
import { engineFolders, repository, startInstance, type Instance } from './support/instance.ts';

let instance: Instance | undefined;
afterEach(() => instance?.close());

function runProgram(...words: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${repository}packages/cli/bin/lazaret.mjs`, ...words],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return { status, text: stdout + stderr };
}

/** Processes whose working directory or command line names the data directory. */
function processesOf(dataDirectory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDirectory);
      } catch {
        return false;
      }
    });
}

test('a second start on the same data directory is refused and names the first', async () => {
  instance = await startInstance();
  const { status, text } = runProgram('serve', '--data', instance.dataDirectory);
  expect(status).toBe(1);
  expect(text).toContain(String(instance.process.pid));
  expect(text).toContain(instance.url);
  expect(text).not.toContain('    at ');
});

test('an explicit address that is in use is an error; the default uses the next port and reports it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  instance = await startInstance();
  await instance.stop();
  const { status, text } = runProgram(
    ...['serve', '--data', instance.dataDirectory, '--listen', `127.0.0.1:${port}`],
  );
  taken.close();
  expect(status).toBe(1);
  expect(text).toContain(`127.0.0.1:${port}`);
  expect(text).toContain('--listen');
});

test('Ctrl-C stops every process that it started, and running containers', async () => {
  instance = await startInstance({ engines: [engineFolders.hostile] });
  const { client } = instance;
  const artifact = await client.call(operations.artifacts.upload, { body: 'sleep-forever\n' });
  const { id } = await client.call(operations.jobs.submit, {
    body: { engine: 'hostile', inputs: [{ sha256: artifact.sha256 }] },
  });
  while ((await client.call(operations.jobs.show, { params: { id } })).state !== 'running') {
    await pause(50);
  }
  expect(await instance.stop()).toBe(0);
  expect(processesOf(instance.dataDirectory)).toEqual([]);
  // The attempt was interrupted, not failed: the next start runs the job again.
  instance = await startInstance({ dataDirectory: instance.dataDirectory });
  const job = await instance.client.call(operations.jobs.show, { params: { id } });
  expect(isFinal(job.state)).toBe(false);
  expect(job.attemptList[0]?.outcome?.code).toBe('stopped');
});

test('a killed PostgreSQL is restarted, readiness fails meanwhile, nothing is lost', async () => {
  instance = await startInstance({ engines: [engineFolders.strings] });
  const { client, dataDirectory } = instance;
  const pid = Number(
    readFileSync(`${dataDirectory}/postgres/postmaster.pid`, 'utf8').split('\n')[0],
  );
  process.kill(pid, 'SIGKILL');
  const artifact = await untilAnswered(() =>
    client.call(operations.artifacts.upload, { body: 'after the crash' }),
  );
  const { id } = await untilAnswered(() =>
    client.call(operations.jobs.submit, {
      body: { engine: 'strings', inputs: [{ sha256: artifact.sha256 }] },
    }),
  );
  await expect
    .poll(async () => (await client.call(operations.jobs.show, { params: { id } })).state, {
      timeout: 60_000,
      interval: 200,
    })
    .toBe('succeeded');
  await expect.poll(async () => (await fetch(`${instance?.url}/readyz`)).status).toBe(200);
});

/** An unavailable database is a specific problem; anything else is a failure. */
async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503) throw error;
      await pause(100);
    }
  }
}

test('DATABASE_URL replaces the embedded database', async () => {
  const database = await createTestDatabase(inject('databaseUrl'), { migrated: false });
  instance = await startInstance({ environment: { DATABASE_URL: database.url } });
  expect(readdirSync(instance.dataDirectory)).not.toContain('postgres');
  const { items } = await instance.client.call(operations.access.projectList, {});
  expect(items.map((project) => project.name)).toEqual(['default']);
  await instance.stop();
  await database.drop();
});

test.each(['serve', 'up'] as const)(
  'with %s a sign-in link that cannot be made leaves a server that works and can be stopped',
  async (command) => {
    const database = await createTestDatabase(inject('databaseUrl'));
    await database.handle.pool.query(`
      create function refuse_links() returns trigger language plpgsql as $$
      begin raise exception 'no links today'; end $$;
      create trigger refuse_links before insert on links
        for each row execute function refuse_links();`);
    instance = await startInstance({ command, environment: { DATABASE_URL: database.url } });
    const running = instance;
    await expect.poll(async () => (await fetch(`${running.url}/readyz`)).status).toBe(200);
    await expect.poll(() => running.output()).toMatch(/no link for the first|No sign-in link/);
    expect(await running.stop()).toBe(0);
    await database.drop();
  },
);

test('two nodes share the jobs, and a cordoned one gets no new ones', async () => {
  const endpoint = 'unix:///var/run/docker.sock';
  const nodes = ['one', 'two'].map((name) => ({ name, endpoint, cpus: 1 }));
  instance = await startInstance({
    engines: [engineFolders.strings],
    environment: { LAZARET_NODES: JSON.stringify(nodes) },
  });
  const { client } = instance;
  const artifact = await client.call(operations.artifacts.upload, { body: 'twice' });
  const runTwo = async (): Promise<string[]> => {
    const body = { engine: 'strings', inputs: [{ sha256: artifact.sha256 }] };
    const jobs = await Promise.all([1, 2].map(() => client.call(operations.jobs.submit, { body })));
    return Promise.all(
      jobs.map(async ({ id }) => {
        for (;;) {
          const call = { params: { id }, query: { waitSeconds: 20 } };
          const job = await client.call(operations.jobs.show, call);
          if (isFinal(job.state)) return job.node ?? '';
        }
      }),
    );
  };
  expect((await runTwo()).toSorted()).toEqual(['one', 'two']);
  await client.call(operations.nodes.update, {
    params: { name: 'one' },
    body: { schedulable: false },
  });
  expect(await runTwo()).toEqual(['two', 'two']);
});
