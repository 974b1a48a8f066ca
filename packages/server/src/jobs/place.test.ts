/** Placement: plans for random clusters are checked for the properties of every valid plan. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { NodeCapacity } from '../nodes/index.ts';
import { planPlacements, type Plan, type Snapshot, type WaitingJob } from './place.ts';

const GiB = 2 ** 30;

function makeNode(name: string, extra: Partial<NodeCapacity> = {}): NodeCapacity {
  return {
    name,
    state: 'online',
    schedulable: true,
    served: true,
    memoryBytes: 8 * GiB,
    cpus: 4,
    reservedMemoryBytes: 0,
    reservedCpus: 0,
    runtimes: ['runc'],
    ...extra,
  };
}

function makeJob(id: string, extra: Partial<WaitingJob> = {}): WaitingJob {
  const plain = { engine: 'strings', memoryBytes: GiB, cpus: 1, priority: 0, avoidNodes: [] };
  return { id, ...plain, runtime: undefined, ...extra };
}

function plan(
  jobs: readonly WaitingJob[],
  nodes: readonly NodeCapacity[],
  extra: Partial<Snapshot> = {},
): Plan {
  return planPlacements({ jobs, nodes, engines: {}, placementsMax: 64, ...extra });
}

const cpus = fc.constantFrom(0.1, 0.25, 0.5, 1, 2, 3, 8);
const names = ['a', 'b', 'c', 'd'] as const;
const anyNode = fc.record({
  state: fc.constantFrom('online' as const, 'offline' as const, 'unknown' as const),
  schedulable: fc.boolean(),
  served: fc.boolean(),
  memoryBytes: fc.option(fc.integer({ min: 0, max: 16 }).map((size) => size * GiB)),
  cpus: fc.option(fc.constantFrom(1, 2, 4, 16)),
  reservedMemoryBytes: fc.integer({ min: 0, max: 20 }).map((size) => size * GiB),
  reservedCpus: fc.constantFrom(0, 0.3, 1, 4),
  runtimes: fc.constantFrom([], ['runc'], ['runc', 'runsc']),
});
const anyJob = fc.record({
  engine: fc.constantFrom('strings', 'apktool', 'hostile'),
  memoryBytes: fc.integer({ min: 1, max: 20 * 4 }).map((size) => (size * GiB) / 4),
  cpus,
  priority: fc.integer({ min: -2, max: 2 }),
  avoidNodes: fc.subarray([...names]),
  runtime: fc.constantFrom(undefined, undefined, 'runc', 'runsc'),
});
const anyUse = fc.record({
  live: fc.nat({ max: 4 }),
  concurrency: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});
const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  // In queue order, as returned by the database.
  jobs: fc
    .array(anyJob, { maxLength: 30 })
    .map((jobs) =>
      jobs
        .map((job, position) => ({ ...job, id: String(position).padStart(3, '0') }))
        .toSorted((one, other) => other.priority - one.priority),
    ),
  nodes: fc
    .array(anyNode, { maxLength: 4 })
    .map((nodes) => nodes.map((node, position) => ({ ...node, name: names[position] ?? 'z' }))),
  engines: fc.record({ strings: anyUse, apktool: anyUse }),
  placementsMax: fc.constantFrom(1, 5, 64),
});

function isOpen(node: NodeCapacity): boolean {
  return node.state === 'online' && node.served && node.schedulable;
}

function runs(job: WaitingJob, node: NodeCapacity): boolean {
  return job.runtime === undefined || node.runtimes.includes(job.runtime);
}

test('no plan exceeds the capacity, or uses a node that is not schedulable', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { placements } = planPlacements(snapshot);
      expect(placements.length).toBeLessThanOrEqual(snapshot.placementsMax);
      for (const node of snapshot.nodes) {
        const here = placements
          .filter((one) => one.node === node.name)
          .map((one) => snapshot.jobs.find((job) => job.id === one.job) as WaitingJob);
        if (here.length === 0) continue;
        const memory = here.reduce((sum, job) => sum + job.memoryBytes, node.reservedMemoryBytes);
        const share = here.reduce((sum, job) => sum + job.cpus, node.reservedCpus);
        expect(isOpen(node)).toBe(true);
        expect(memory).toBeLessThanOrEqual(node.memoryBytes ?? 0);
        expect(share).toBeLessThanOrEqual((node.cpus ?? 0) + 1e-4);
        expect(here.every((job) => runs(job, node))).toBe(true);
      }
      for (const [engine, { live, concurrency }] of Object.entries(snapshot.engines)) {
        const more = placements.filter(
          (one) => snapshot.jobs.find((job) => job.id === one.job)?.engine === engine,
        );
        if (more.length === 0 || concurrency === undefined) continue;
        expect(live + more.length).toBeLessThanOrEqual(concurrency);
      }
    }),
  );
});

test('every job is placed, waits with a reason, or is impossible: exactly one of them', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { placements, impossible, waits } = planPlacements(snapshot);
      const listed = [...placements, ...impossible, ...waits].map((one) => one.job).toSorted();
      expect(listed).toEqual(snapshot.jobs.map((job) => job.id).toSorted());
      for (const { reason } of [...impossible, ...waits]) expect(reason).not.toBe('');
    }),
  );
});

test('a job is impossible only when no configured node, of known or unknown size, could run it', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const impossible = new Set(planPlacements(snapshot).impossible.map((one) => one.job));
      for (const job of snapshot.jobs) {
        const holders = snapshot.nodes.filter(
          (node) =>
            node.memoryBytes === null ||
            node.cpus === null ||
            (job.memoryBytes <= node.memoryBytes && job.cpus <= node.cpus && runs(job, node)),
        );
        expect(impossible.has(job.id)).toBe(snapshot.nodes.length > 0 && holders.length === 0);
      }
    }),
  );
});

test('a waiting job would not have fitted after those placed before it', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { placements, waits } = planPlacements(snapshot);
      if (placements.length >= snapshot.placementsMax) return;
      const at = new Map(placements.map((one) => [one.job, one.node]));
      const waiting = new Set(waits.map((one) => one.job));
      const free = new Map(
        snapshot.nodes.map((node) => [
          node.name,
          {
            memory: (node.memoryBytes ?? 0) - node.reservedMemoryBytes,
            cpus: (node.cpus ?? 0) - node.reservedCpus,
          },
        ]),
      );
      const live = new Map(Object.entries(snapshot.engines).map(([name, use]) => [name, use.live]));
      for (const job of snapshot.jobs) {
        const limit = snapshot.engines[job.engine]?.concurrency ?? Number.POSITIVE_INFINITY;
        const node = at.get(job.id);
        if (node !== undefined) {
          const capacity = free.get(node);
          if (capacity !== undefined) {
            capacity.memory -= job.memoryBytes;
            capacity.cpus -= job.cpus;
          }
          live.set(job.engine, (live.get(job.engine) ?? 0) + 1);
        } else if (waiting.has(job.id) && (live.get(job.engine) ?? 0) < limit) {
          const fitting = snapshot.nodes.filter((one) => {
            const capacity = free.get(one.name);
            const isKnown = one.memoryBytes !== null && one.cpus !== null;
            if (!isOpen(one) || !isKnown || !runs(job, one) || capacity === undefined) return false;
            return job.memoryBytes <= capacity.memory && job.cpus <= capacity.cpus;
          });
          expect(fitting.map((one) => one.name)).toEqual([]);
        }
      }
    }),
  );
});

test('of equal jobs the ones with the higher priority, then the older ones, are placed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 30 }),
      fc.nat({ max: 8 }),
      (priorities, capacity) => {
        const jobs = priorities
          .map((priority, position) => makeJob(String(position).padStart(3, '0'), { priority }))
          .toSorted((one, other) => other.priority - one.priority);
        const { placements } = plan(jobs, [
          makeNode('a', { memoryBytes: capacity * GiB, cpus: 100 }),
        ]);
        const expected = capacity === 0 ? [] : jobs.slice(0, capacity).map((job) => job.id);
        expect(placements.map((one) => one.job)).toEqual(expected);
      },
    ),
  );
});

test('the same snapshot always gives the same plan', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      expect(planPlacements(structuredClone(snapshot))).toEqual(planPlacements(snapshot));
    }),
  );
});

test('a node that failed the job before is only used when no other fits', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      for (const job of snapshot.jobs) {
        const { placements } = planPlacements({ ...snapshot, jobs: [job], engines: {} });
        const [placed] = placements;
        if (placed === undefined || !job.avoidNodes.includes(placed.node)) continue;
        const others = snapshot.nodes.filter((node) => !job.avoidNodes.includes(node.name));
        const without = planPlacements({ ...snapshot, nodes: others, jobs: [job], engines: {} });
        expect(without.placements).toEqual([]);
      }
    }),
  );
});

test('with no node online, queued jobs wait with a reason instead of failing', () => {
  const jobs = [makeJob('1'), makeJob('2')];
  for (const extra of [
    { state: 'offline' as const },
    { state: 'unknown' as const },
    { served: false },
  ]) {
    const { waits, impossible } = plan(jobs, [makeNode('a', extra), makeNode('b', extra)]);
    expect(impossible).toEqual([]);
    expect(waits.map((one) => one.reason)).toEqual(['no node is online', 'no node is online']);
  }
  expect(plan(jobs, []).waits[0]?.reason).toBe('no node is configured');
  const cordoned = plan(jobs, [makeNode('a', { schedulable: false })]);
  expect(cordoned.waits[0]?.reason).toContain('cordoned');
});

test('a job that does not fit does not block the jobs after it', () => {
  const nodes = [makeNode('a', { reservedMemoryBytes: 6 * GiB })];
  const big = makeJob('1', { memoryBytes: 5 * GiB, priority: 5 });
  const { placements, waits } = plan([big, makeJob('2'), makeJob('3')], nodes);
  expect(placements.map((one) => one.job)).toEqual(['2', '3']);
  expect(waits).toEqual([{ job: '1', reason: 'waiting for 5 GiB of memory and 1 CPUs on a node' }]);
});

test('a job that no node can ever run does not wait forever, one that an offline node could run does', () => {
  const huge = makeJob('1', { memoryBytes: 100 * GiB });
  const small = plan([huge], [makeNode('a')]);
  expect(small.impossible[0]?.reason).toContain('needs 100 GiB');
  const large = makeNode('b', { memoryBytes: 200 * GiB, state: 'offline' });
  expect(plan([huge], [makeNode('a'), large]).impossible).toEqual([]);
  const unseen = makeNode('c', { memoryBytes: null, cpus: null, state: 'unknown' });
  expect(plan([huge], [makeNode('a'), unseen]).impossible).toEqual([]);
  const strange = makeJob('2', { runtime: 'runsc' });
  expect(plan([strange], [makeNode('a')]).impossible[0]?.reason).toContain('runsc');
});

test('reservations never add capacity: an over-reserved node accepts no more', () => {
  const nodes = [
    makeNode('a', { reservedMemoryBytes: 9 * GiB }),
    makeNode('b', { reservedCpus: 5 }),
  ];
  expect(plan([makeJob('1', { memoryBytes: 1, cpus: 0.01 })], nodes).placements).toEqual([]);
});

test('an engine never exceeds its limit, and does not delay others', () => {
  const jobs = ['1', '2', '3'].map((id) => makeJob(id));
  const engines = { strings: { live: 1, concurrency: 2 } };
  const other = makeJob('4', { engine: 'apktool' });
  const { placements, waits } = plan([...jobs, other], [makeNode('a')], { engines });
  expect(placements.map((one) => one.job)).toEqual(['1', '4']);
  expect(waits[0]?.reason).toContain('limit of 2');
});

test('jobs are spread evenly over equal nodes', () => {
  const jobs = Array.from({ length: 6 }, (_, position) => makeJob(String(position)));
  const { placements } = plan(jobs, [makeNode('a'), makeNode('b'), makeNode('c')]);
  const counts = Map.groupBy(placements, (one) => one.node);
  expect([...counts.values()].map((list) => list.length)).toEqual([2, 2, 2]);
});
