/** Field schemas that several capabilities share. */
import { z } from 'zod';

import { limits } from '../limits.ts';
import { invisiblePattern } from './invisible.ts';
import { parseDuration } from './quantity.ts';

/** Not allowed in names: control characters, bidi overrides, zero-width characters. */
const invisible = new RegExp(invisiblePattern, 'u');

export const identifier: z.ZodString = z
  .string()
  .regex(/^[0-9a-z]{16}$/, 'expected an id of 16 characters from 0-9 and a-z');

/** A prefix of an ID, or a whole ID. */
export const identifierPrefix: z.ZodString = z
  .string()
  .regex(/^[0-9a-z]{1,16}$/, 'expected a prefix of an id: up to 16 characters from 0-9 and a-z');

/** A name that users choose: `acme-lab`, `alice`. */
export const slug: z.ZodString = z
  .string()
  .max(limits.nameChars)
  .regex(
    /^[a-z0-9][a-z0-9._@-]*$/,
    'expected lower-case letters, digits, dots, dashes, @ or underscores, starting with a letter or digit',
  );

export const sha256: z.ZodString = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 digest of 64 lower-case hexadecimal characters');

/** The value of the header `Idempotency-Key`, with which a request may be repeated. */
export const idempotencyKey: z.ZodString = z
  .string()
  .regex(
    new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyChars}}$`),
    `expected 1 to ${limits.idempotencyKeyChars} visible ASCII characters`,
  );

/** Text whose limit is in bytes of UTF-8, as those of paths and file names are. */
export function textOfBytes(maxBytes: number): z.ZodString {
  return z
    .string()
    .max(maxBytes)
    .refine((text) => utf8Bytes(text) <= maxBytes, {
      error: `expected at most ${maxBytes} bytes of UTF-8`,
    });
}

/** Bytes of the text in UTF-8. */
export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** A file name without a path. */
export const fileName: z.ZodString = textOfBytes(limits.fileNameBytes)
  .min(1)
  .refine((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..', {
    message: 'expected a file name without a path',
  });

/** A single line without control characters. */
export function line(maxChars: number): z.ZodString {
  return z
    .string()
    .max(maxChars)
    .refine((text) => !invisible.test(text), {
      message: 'expected one line without control characters',
    });
}

export const timestamp: z.ZodISODateTime = z.iso.datetime({
  offset: true,
  error: ({ input }) => `expected a time such as ${exampleTime}, received ${shown(input)}`,
});

const exampleTime = '2026-11-30T12:00:00Z';

function shown(input: unknown): string {
  return JSON.stringify(input)?.slice(0, limits.nameChars) ?? 'nothing';
}

/** Whether a duration is before now or after it. */
export type MomentDirection = 'ago' | 'ahead';

/** A moment of a query: a date, a time or a duration; `readMoment` reads it. */
export const moment: z.ZodString = z
  .string()
  .max(limits.nameChars)
  .refine((text) => readMoment(text, { direction: 'ago', nowMs: 0 }) !== undefined, {
    error: ({ input }) =>
      `expected a duration such as 24h or a time such as ${exampleTime}, received ${shown(input)}`,
  });

/** Numbers and other texts that JavaScript reads as times are not one. */
const writtenTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** The time of a moment; undefined if the text is not one. */
export function readMoment(
  text: string,
  { direction, nowMs }: { readonly direction: MomentDirection; readonly nowMs: number },
): Date | undefined {
  if (writtenTime.test(text)) {
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? undefined : date;
  }
  const durationMs = /[a-z]\s*$/.test(text) ? parseDuration(text) : undefined;
  if (durationMs === undefined || durationMs > longestMomentMs) return undefined;
  return new Date(nowMs + (direction === 'ago' ? -durationMs : durationMs));
}

const longestMomentMs = 100 * 365 * 86_400_000;

/** A boolean query parameter: `true` or `false`. */
export const queryBoolean: z.ZodType<boolean, 'true' | 'false' | boolean> = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true')
  .pipe(z.boolean());

/**
 * A query parameter with one or more values: `?state=queued&state=running` or
 * `?state=queued,running`.
 */
export function queryList<T extends z.ZodType<string, string>>(
  item: T,
  { atLeastOne }: { readonly atLeastOne?: string } = {},
): z.ZodType<z.output<T>[], string | string[]> {
  const minItems = atLeastOne === undefined ? 0 : 1;
  const missing = `expected at least one ${atLeastOne}`;
  // The bounds of the array are checked below, where a text has been split.
  const bounds = { ...(minItems > 0 ? { minItems } : {}), maxItems: limits.pageItemsMax };
  return z
    .union([z.string(), z.array(z.string()).meta(bounds)], {
      error: ({ input }) => (input === undefined && minItems > 0 ? missing : undefined),
    })
    .transform((value) =>
      (Array.isArray(value) ? value : value.split(',')).filter((part) => part !== ''),
    )
    .pipe(z.array(item).min(minItems, missing).max(limits.pageItemsMax)) as unknown as z.ZodType<
    z.output<T>[],
    string | string[]
  >;
}

export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(limits.pageItemsMax)
    .default(limits.pageItemsDefault)
    .describe('Maximum number of items per page'),
  cursor: z
    .string()
    .max(limits.urlParameterChars)
    .optional()
    .describe('Value of `next` of the previous page'),
} as const;

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** A page of a list: the items, and the cursor of the next page or null at the end. */
export function page<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; next: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}
