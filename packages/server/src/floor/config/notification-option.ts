/** An item of the list `notifications` of the configuration: as the API takes it. */
import { targetRequest } from '@lazaret/protocol';
import { z } from 'zod';

const item = z.strictObject(targetRequest.shape).transform((request) => {
  const { name, kind, ...settings } = request;
  return { name, kind, settings };
});
export const notificationOption: z.ZodType<z.output<typeof item>> = item;
