/** The health of an instance. */
import { z } from 'zod';

const component = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string(),
});

export const health = z.object({ ok: z.boolean(), components: z.array(component) });
export type Health = z.output<typeof health>;
