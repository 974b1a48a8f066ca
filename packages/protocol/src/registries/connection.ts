/**
 * How a registry is reached: the fields that every description of a connection consists of, whether
 * it lists hosts by setting (`settings.ts`) or describes one registry. Secrets are never values
 * here; credentials are references to files and programs.
 */
import { z } from 'zod';

import { parseDuration } from '../core/quantity.ts';
import { limits } from '../limits.ts';

/** Address of a registry: `registry.lab`, `10.0.0.5:5000`, `[::1]:5000`. */
export const registryHost = z
  .string()
  .max(limits.registryHostChars)
  .regex(/^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?$/i, {
    error: ({ input }) => {
      const scheme = /^http:\/\//i.test(String(input))
        ? 'http:// (without TLS: --plain-http, plainHttp in files and the API)'
        : 'https://';
      return `expected host[:port] without ${scheme} and without a path, received ${JSON.stringify(input)}`;
    },
  });

const ratePeriod = z.preprocess(
  (value) => (typeof value === 'string' ? (parseDuration(value) ?? value) : value),
  z
    .number({
      error: ({ input }) =>
        `expected a duration such as 6h, received ${JSON.stringify(input) ?? 'nothing'}`,
    })
    .int()
    .min(1)
    .max(limits.registryRatePeriodMs),
);

/**
 * A rate: at most so many requests in any period of this length. It also reads its own output, in
 * which the period has its unit in the name, so that a printed configuration can be read again.
 */
export const rateWindow = z.preprocess(
  renamePeriod,
  z
    .strictObject({
      requests: z.number().int().min(1).max(limits.registryRateRequests),
      period: ratePeriod,
    })
    .transform(({ requests, period }) => ({ requests, periodMs: period })),
);
export type RateWindow = Readonly<z.output<typeof rateWindow>>;

function renamePeriod(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('periodMs' in value)) return value;
  const { periodMs, ...others } = value;
  return 'period' in others ? value : { ...others, period: periodMs };
}

/** Rates that all apply: a request waits until each of them has capacity. */
export const rateWindows = z.array(rateWindow).min(1).max(limits.registryRateWindows);

/** Path of a file on the machine that connects. */
export const filePath = z.string().min(1);

/** Where credentials are read from, in this order. */
export const credentialReferences = z.strictObject({
  credentialsFile: filePath.optional().describe('`config.json` of Docker'),
  containersAuth: z
    .array(filePath)
    .default([])
    .describe('`auth.json` files of podman and skopeo, second in order'),
  pullSecrets: z
    .array(filePath)
    .default([])
    .describe('Files with Kubernetes pull secrets, last in order'),
  credentialHelpers: z
    .strictObject({ environment: z.record(z.string(), z.string()).default({}) })
    .optional()
    .describe(
      'Programs that those files name are only run if this is set; they see PATH, HOME and ' +
        'these variables',
    ),
});
