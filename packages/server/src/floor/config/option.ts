/** How an option of the configuration is declared, and the schemas that several of them share. */
import { z } from 'zod';

export const portMax = 65_535;

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** Lists in the environment and in flags are separated by commas, or JSON. */
export function listOf<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    if (value.trim().startsWith('[')) return parseJson(value);
    return value === '' ? [] : value.split(',').map((part) => part.trim());
  }, z.array(item)) as unknown as z.ZodType<z.output<T>[]>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const flag: z.ZodType<boolean, unknown> = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true');

export interface Option<T extends z.ZodType = z.ZodType> {
  readonly schema: T;
  /** Before the schema's own parsing. */
  readonly fallback: unknown;
  readonly summary: string;
  /** Masked when printed; may be given as file:/path. */
  readonly secret?: boolean;
  /** Additional variable besides LAZARET_KEY, such as DATABASE_URL. */
  readonly variable?: string;
}

export function option<T extends z.ZodType>(row: Option<T>): Option<T> {
  return row;
}

/** `127.0.0.1:8100`, `[::1]:0`. */
export const listenAddress: z.ZodType<string, unknown> = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i, {
    error: 'expected HOST:PORT, as in 127.0.0.1:8100',
    abort: true,
  })
  .refine((text) => portOf(text) <= portMax, `expected a port from 0 to ${portMax}`);
