import { z } from 'zod';

/** `sha256:...`: an algorithm and lower-case hexadecimal digits. */
export const digest = z.string().regex(/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}$/);
