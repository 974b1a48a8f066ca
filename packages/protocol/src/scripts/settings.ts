/** The section `scripts` of the configuration of a server. */
import { z } from 'zod';

import { sizeBytes } from '../core/quantity.ts';
import { units } from '../core/units.ts';

const { GiB, MiB } = units;

export const scriptsSection = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Whether scripts run in containers of inspected images'),
  directory: z
    .string()
    .default('')
    .describe('Watched directory of scripts (default: scripts/ in the data directory)'),
  defaults: z.boolean().default(true).describe('Whether the scripts that ship with Lazaret run'),
  node: z
    .string()
    .default('')
    .describe('Node whose container engine runs them (default: the first one that answers)'),
  perMinute: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(60)
    .describe('Runs per minute of scripts that visit stored images in the background'),
  imageBytes: sizeBytes(1 * MiB, 1_024 * GiB)
    .default(16 * GiB)
    .describe('Largest image, uncompressed; it is loaded into the container engine for the runs'),
  python: z
    .string()
    .default('/usr/bin/python3')
    .describe('Python of the server, of which scripts get a copy'),
  busybox: z
    .string()
    .default('')
    .describe('Statically linked busybox of the server (default: the one in PATH)'),
});
export type ScriptsSection = z.output<typeof scriptsSection>;
