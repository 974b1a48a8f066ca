/**
 * A manifest for reading and editing: keys in their usual order, sizes and durations with units,
 * in a form that the parser accepts.
 */
import { type EngineManifest, units } from '@lazaret/protocol';

const { KiB, MiB, GiB, minuteMs, hourMs } = units;

/** The database does not preserve key order. Keys not listed here come last. */
const order: readonly string[] = [
  ...['name', 'version', 'description', 'image', 'command', 'shell', 'workdir', 'environment'],
  ...['input', 'output', 'parameters', 'user', 'resources', 'timeLimit', 'queueTimeLimit'],
  ...['stopGrace', 'concurrency', 'network', 'runtime', 'seccomp', 'successExitCodes', 'retry'],
  ...['resultType', 'trusted', 'mount', 'count', 'min', 'max', 'maxBytes', 'kinds', 'result'],
  ...['artifacts', 'optional', 'missing', 'empty', 'schema', 'pass', 'memory', 'cpus', 'pids'],
  ...['disk', 'tmp', 'outputEntries', 'log', 'openFiles', 'attempts', 'workload'],
];

export function manifestText(manifest: EngineManifest): Record<string, unknown> {
  const { resources, input, output } = manifest;
  return inOrder({
    ...manifest,
    input: inOrder({ ...input, count: inOrder(input.count), maxBytes: sizeText(input.maxBytes) }),
    output: inOrder(output),
    resources: inOrder({
      ...resources,
      memory: sizeText(resources.memory),
      disk: sizeText(resources.disk),
      tmp: sizeText(resources.tmp),
      output: sizeText(resources.output),
      log: sizeText(resources.log),
    }),
    timeLimit: durationText(Math.round(manifest.timeLimit * 1_000)),
    queueTimeLimit: durationText(Math.round(manifest.queueTimeLimit * 1_000)),
    stopGrace: durationText(Math.round(manifest.stopGrace * 1_000)),
  });
}

/** Exact: uses the largest unit that divides the size. */
export function sizeText(bytes: number): string | number {
  const unit = (
    [
      [GiB, 'GiB'],
      [MiB, 'MiB'],
      [KiB, 'KiB'],
    ] as const
  ).find(([size]) => bytes % size === 0);
  return unit === undefined || bytes === 0 ? bytes : `${bytes / unit[0]}${unit[1]}`;
}

export function durationText(ms: number): string {
  const unit = (
    [
      [hourMs, 'h'],
      [minuteMs, 'm'],
      [1_000, 's'],
    ] as const
  ).find(([size]) => ms % size === 0);
  if (ms === 0) return '0s';
  return unit === undefined ? `${ms}ms` : `${ms / unit[0]}${unit[1]}`;
}

function inOrder(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rank = (key: string): number => {
    const index = order.indexOf(key);
    return index === -1 ? order.length : index;
  };
  return Object.fromEntries(
    Object.entries(values).toSorted(([one], [other]) => rank(one) - rank(other)),
  );
}
