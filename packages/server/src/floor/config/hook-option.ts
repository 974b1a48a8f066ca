/** An item of the list `hooks` of the configuration: as the API takes it, with a fixed path. */
import { hookPath, hookRequest } from '@lazaret/protocol';
import { z } from 'zod';

const item = z.strictObject({ ...hookRequest.shape, path: hookPath.optional() });
export const hookOption: z.ZodType<z.output<typeof item>> = item;
