/** The health of an instance, and what waits for a person. */
import { z } from 'zod';

const component = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string(),
});

export const health = z.object({ ok: z.boolean(), components: z.array(component) });
export type Health = z.output<typeof health>;

/** Each part is null for callers without its permission. */
export const overview = z.object({
  quarantine: z
    .object({
      proposed: z.number().int().describe('Actions that wait for approval: `lazaret actions list`'),
      quarantined: z
        .number()
        .int()
        .describe('Images in quarantine: being taken out, taken out, or blocked'),
    })
    .nullable()
    .describe('In the projects of the caller; null without the permission `quarantine.read`'),
  reinspection: z
    .object({
      waiting: z
        .number()
        .int()
        .describe('Images in registries that were last checked with other scanners or signatures'),
    })
    .nullable()
    .describe('In the projects of the caller; null without the permission `policies.read`'),
});
export type Overview = z.output<typeof overview>;
