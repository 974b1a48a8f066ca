/**
 * The watcher role: polls registries, processes their notifications, hands what arrived to the
 * inspectors, decides about it by policy, and runs actions on registries.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readEnvironment, readProgramEnvironment } from '../floor/config/index.ts';
import { withAdvisoryLock } from '../floor/db/index.ts';
import { applyConfigured as applyHooks, startProcessing } from '../hooks/index.ts';
import {
  applyConfigured as applyTargets,
  notificationReader,
  startSending,
} from '../notifications/index.ts';
import { inspectionReader, PolicySets, startJudging } from '../policies/index.ts';
import { startActionWorker } from '../quarantine/index.ts';
import { applyConfigured, startWatcher as startWatching } from '../registries/index.ts';
import type { Core, Role } from './role.ts';
import { describeSending } from './sending-parts.ts';

export async function startWatcher(core: Core): Promise<Role> {
  const { database, queue, log, sharedRates, clock, onEvents } = core;
  const { inspection: settings, dockerHost, registries, notifications } = core.configuration.values;
  const { values } = core.configuration;
  const policyDirectory = values.policyDirectory || join(core.dataDirectory, 'policies');
  await mkdir(policyDirectory, { recursive: true, mode: 0o700 });
  const directory = join(core.dataDirectory, 'registries');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Two watchers that start together would add the same ones.
  await withAdvisoryLock(core.locks, 'configured registries', () =>
    applyConfigured(registries, { database, directory }),
  );
  const { hooks: configuredHooks, publicUrl } = values;
  await withAdvisoryLock(core.locks, 'configured hooks', () =>
    applyHooks(configuredHooks, { database, publicUrl }),
  );
  await withAdvisoryLock(core.locks, 'configured notification targets', () =>
    applyTargets(notifications, database),
  );
  onEvents();
  const shared = {
    ...{ database, log, sharedRates, settings, directory, now: clock.now, random: Math.random },
    ...{ helperEnvironment: readProgramEnvironment(), environment: readEnvironment() },
  };
  const actions = startActionWorker({ ...shared, ...describeEvidence(core) });
  const judging = startJudging({
    ...{ database, log, sets: new PolicySets(), now: clock.now, queue },
    directory: policyDirectory,
    onChange: (id) => {
      core.onChange(id);
      actions.wake();
    },
  });
  core.outbox.runReaders([inspectionReader()]);
  const watcher = startWatching({
    ...{ ...shared, queue, dockerHost },
    retention: {
      arrivalsMs: values.arrivalRetention * 1_000,
      historyMs: values.tagHistoryRetention * 1_000,
    },
    onChange: (id) => {
      core.onChange(id);
      judging.wake();
    },
  });
  const hooks = startProcessing({
    ...{ database, log, onEvents, changed: core.changed, registryDirectory: directory },
    onRecorded: () => watcher.wakeArrivals(),
  });
  const sending = startSending({
    ...{ database, log, onEvents, random: Math.random },
    ...(await describeSending(core)),
  });
  core.outbox.runReaders([notificationReader(() => sending.wake())]);
  const parts = [watcher, hooks, judging, sending, actions];
  return {
    loops: () => parts.flatMap(({ loops }) => loops),
    wake: () => {
      for (const one of [watcher, judging, sending, actions]) one.wake();
    },
    stop: async () => {
      await Promise.all(parts.map((one) => one.stop()));
    },
  };
}

/** Of quarantined images: where it is stored, how much, how long. */
function describeEvidence({ blobs, onChange, configuration }: Core) {
  const { quarantineSpace: spaceBytes, quarantineRetention: seconds } = configuration.values;
  return { blobs, onChange, spaceBytes, retentionMs: seconds * 1_000 };
}
