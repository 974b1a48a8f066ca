/**
 * A manifest for people to read and edit: sizes and durations with their units, as the parser
 * takes them again. (A bare number of a duration would be read as seconds.)
 */
import { type EngineManifest, units } from '@lazaret/protocol';

const { KiB, MiB, GiB, minuteMs, hourMs } = units;

export function manifestText(manifest: EngineManifest): Record<string, unknown> {
  const { resources, input } = manifest;
  return {
    ...manifest,
    input: { ...input, maxBytes: sizeText(input.maxBytes) },
    resources: {
      ...resources,
      memory: sizeText(resources.memory),
      disk: sizeText(resources.disk),
      tmp: sizeText(resources.tmp),
      output: sizeText(resources.output),
      log: sizeText(resources.log),
    },
    timeLimit: durationText(manifest.timeLimit * 1_000),
    queueTimeLimit: durationText(manifest.queueTimeLimit * 1_000),
    stopGrace: durationText(manifest.stopGrace * 1_000),
  };
}

/** Exact: the largest unit that divides the size. */
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
