/** The clock of the console, shared by all components that show an age. */
import { useSyncExternalStore } from 'react';

const tickMs = 1_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds since 1970, updated every `stepMs`. */
export function useNow(stepMs: number = tickMs): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / stepMs) * stepMs);
}

/** Ages are updated slowly; a time newer than the last tick is not in the future. */
const tickSlackMs = 15_000;

const units = [
  { ms: 86_400_000, name: 'day' },
  { ms: 3_600_000, name: 'hour' },
  { ms: 60_000, name: 'minute' },
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

/** `3 min. ago`, `in 2 days`, `just now`. */
export function relativeTime(at: string, nowMs: number): string {
  const distanceMs = Date.parse(at) - nowMs;
  const unit = units.find(({ ms }) => Math.abs(distanceMs) >= ms);
  if (unit !== undefined) return relative.format(Math.round(distanceMs / unit.ms), unit.name);
  return distanceMs > tickSlackMs ? 'in a moment' : 'just now';
}

const dayMs = 86_400_000;

/** The day in so many days from now, in UTC: `2027-01-31`. */
export function dayFromNow(days: number): string {
  return new Date(Date.now() + days * dayMs).toISOString().slice(0, '2027-01-31'.length);
}

/** `2026-11-30 13:51:39`, in the time zone of the browser. */
export function absoluteTime(at: string): string {
  const date = new Date(at);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())];
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => pad(each));
  return `${day.join('-')} ${time.join(':')}`;
}

/** Milliseconds between two timestamps, or null if one is missing. */
export function spanMs(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}
