/** Pulls while decisions cannot be read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { openDatabase } from '../floor/db/index.ts';
import { startGateFixture, type GateFixture } from '../testing/gate-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';

let lab: GateFixture;
const directories: string[] = [];

beforeAll(async () => {
  lab = await startGateFixture(inject('databaseUrl'));
});
afterAll(async () => {
  await lab.close();
  for (const one of directories) await rm(one, { recursive: true, force: true });
});

/** A connection to the database that can be cut: a socket in front of that of the server. */
async function cuttable(): Promise<{ url: string; cut(): void; mend(): Promise<void> }> {
  const url = new URL(lab.url);
  const file = `.s.PGSQL.${url.searchParams.get('port')}`;
  const target = join(url.searchParams.get('host') ?? '', file);
  const directory = await mkdtemp(join(tmpdir(), 'gate-db-'));
  directories.push(directory);
  url.searchParams.set('host', directory);
  const sockets = new Set<Socket>();
  const listen = async (): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(target);
      for (const one of [near, far]) {
        sockets.add(one);
        one.on('error', () => undefined);
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(join(directory, file), resolve));
    return server;
  };
  let server = await listen();
  return {
    url: url.href,
    cut() {
      server.close();
      for (const one of sockets) one.destroy();
    },
    async mend() {
      server = await listen();
    },
  };
}

test('while the database is unavailable pulls are refused, or pass and are recorded later', async () => {
  const cable = await cuttable();
  const handle = await openDatabase({ url: cable.url });
  const context = { database: handle.db };
  const closed = await lab.start({}, context);
  const open = await lab.start({ unavailable: 'allow' }, context);
  const image = await buildTiny('unavailable');
  lab.registry.store.putImage('lab/app', 'unavailable', image);
  const { digest } = image.descriptor;
  await lab.settle(digest, 'pass');
  const path = '/v2/lab/app/manifests/unavailable';
  for (const one of [closed, open]) expect((await one.get(path)).status).toBe(200);
  cable.cut();
  const refused = await closed.get(path);
  expect([refused.status, await refused.text()]).toEqual([
    503,
    expect.stringMatching(/"UNAVAILABLE".*cannot be read now/),
  ]);
  expect((await open.get(path)).status).toBe(200);
  await cable.mend();
  const subject = `${lab.registry.host}/lab/app:unavailable@${digest}`;
  await expect
    .poll(
      () =>
        lab.database.selectFrom('events').select(['type']).where('subject', '=', subject).execute(),
      { timeout: 20_000 },
    )
    .toEqual([{ type: 'pull.bypassed' }]);
  await Promise.all([closed.gate.stop(), open.gate.stop()]);
  cable.cut();
  await handle.close();
}, 60_000);
