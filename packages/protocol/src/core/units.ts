/** Units of limits, in bytes and milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const units = { KiB, MiB, GiB, minuteMs, hourMs, dayMs } as const;
