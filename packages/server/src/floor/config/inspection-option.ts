/** The option `inspection`: the settings of inspections as one section of the configuration. */
import { inspectionSettings, type InspectionSettings } from '@lazaret/protocol';
import { z } from 'zod';

/** JSON in the environment and in flags. */
export const inspectionOption: z.ZodType<InspectionSettings> = z.preprocess((value, context) => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch (error) {
    const message = `invalid JSON: ${(error as Error).message}`;
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  }
}, inspectionSettings) as unknown as z.ZodType<InspectionSettings>;
