/** An item of the list `registries` of the configuration: as the API takes it. */
import { registryRequest } from '@lazaret/protocol';
import { z } from 'zod';

const item = z.strictObject(registryRequest.shape).transform((request) => {
  const { name, address, project = 'default', ...settings } = request;
  return { name, address, project, settings };
});
export const registryOption: z.ZodType<z.output<typeof item>> = item;
