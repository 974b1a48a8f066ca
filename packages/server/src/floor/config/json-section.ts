/** A section of the configuration file that is JSON in the environment and in flags. */
import { z } from 'zod';

export function jsonSection<T extends z.ZodType>(schema: T): z.ZodType<z.output<T>> {
  return z.preprocess((value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch (error) {
      const message = `invalid JSON: ${(error as Error).message}`;
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    }
  }, schema) as unknown as z.ZodType<z.output<T>>;
}
