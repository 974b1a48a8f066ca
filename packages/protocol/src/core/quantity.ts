/** Sizes and durations with units, as in manifests and configuration. */
import { z } from 'zod';

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  k: 1e3,
  kB: 1e3,
  KB: 1e3,
  M: 1e6,
  MB: 1e6,
  G: 1e9,
  GB: 1e9,
  TB: 1e12,
  Ki: 2 ** 10,
  KiB: 2 ** 10,
  Mi: 2 ** 20,
  MiB: 2 ** 20,
  Gi: 2 ** 30,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses bytes from `67108864`, `64MiB`, `1.5GB`; undefined if the text is not a size. */
export function parseSize(text: string | number): number | undefined {
  return parseQuantity(text, sizeUnits);
}

/**
 * Parses milliseconds from `240` (seconds), `240s`, `1h`, `500ms`, or what `formatDuration` writes,
 * `1h 30m`; undefined if invalid.
 */
export function parseDuration(text: string | number): number | undefined {
  const parts = String(text).match(/\d+(?:\.\d+)?\s*[a-z]+/g) ?? [];
  const isSum = parts.length > 1 && String(text).trim().split(/\s+/).join('') === parts.join('');
  if (!isSum) return parseQuantity(text, durationUnitsMs);
  return parts.reduce<number | undefined>((sum, part) => {
    const ms = parseQuantity(part, durationUnitsMs);
    return sum === undefined || ms === undefined ? undefined : sum + ms;
  }, 0);
}

function parseQuantity(
  text: string | number,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const match = /^\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})\s*$/.exec(String(text));
  const unit = units[match?.[2] ?? '-'];
  if (match?.[1] === undefined || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A size field: accepts bytes or text with a unit, returns bytes. */
export function sizeBytes(minBytes: number, maxBytes: number): z.ZodType<number, number | string> {
  return quantity(parseSize, { min: minBytes, max: maxBytes, example: '"512MiB" or bytes' });
}

/**
 * A duration field: accepts seconds or text with a unit, returns seconds, so that a parsed value
 * can be sent again.
 */
export function durationSeconds(minMs: number, maxMs: number): z.ZodType<number, number | string> {
  return quantity(parseSeconds, {
    min: minMs / 1_000,
    max: maxMs / 1_000,
    example: '"240s", "10m" or seconds',
  });
}

function parseSeconds(text: string | number): number | undefined {
  const ms = parseDuration(text);
  return ms === undefined ? undefined : ms / 1_000;
}

function quantity(
  parse: (text: string | number) => number | undefined,
  range: { min: number; max: number; example: string },
): z.ZodType<number, number | string> {
  return z
    .union([z.number(), z.string().max(32)])
    .transform((value, context) => {
      const parsed = parse(value);
      if (parsed !== undefined) return parsed;
      context.addIssue({
        code: 'custom',
        message: `expected ${range.example}, received ${JSON.stringify(value)}`,
      });
      return z.NEVER;
    })
    .pipe(z.number().min(range.min).max(range.max));
}

/** Formats a size: `64 MiB`. */
export function formatSize(bytes: number): string {
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  let value = bytes;
  let step = 0;
  while (value >= 1024 && step < steps.length - 1) {
    value /= 1024;
    step += 1;
  }
  return `${value >= 100 || step === 0 ? Math.round(value) : Number(value.toFixed(1))} ${steps[step]}`;
}

/** Formats a duration: `1m 20s`, `3.2s`, `45ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))}s`;
  const totalSeconds = Math.round(ms / 1_000);
  const hours = Math.floor(totalSeconds / 3_600);
  const minutes = Math.floor((totalSeconds % 3_600) / 60);
  const seconds = totalSeconds % 60;
  const parts = [
    hours > 0 && `${hours}h`,
    minutes > 0 && `${minutes}m`,
    seconds > 0 && `${seconds}s`,
  ];
  return parts.filter(Boolean).join(' ');
}
