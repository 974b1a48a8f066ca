import { z } from 'zod';

/** `sha256:...`: an algorithm and lower-case hexadecimal digits. */
export const digest = z.string().regex(/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}$/);

/** An image by its digest, or by at least its first six hexadecimal digits. */
export const digestStart: z.ZodType<string, string> = z
  .string()
  .regex(
    /^(?:[a-z0-9]+(?:[+._-][a-z0-9]+)*:)?[0-9a-f]{6,128}$/i,
    'expected a digest, or at least its first 6 hexadecimal digits',
  )
  .transform((text) => (text.includes(':') ? text : `sha256:${text}`).toLowerCase());
