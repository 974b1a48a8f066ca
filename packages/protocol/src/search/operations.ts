/** Search in all images. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { page, paging } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { searchHit } from './model.ts';

/** A digest in any case, with or without the algorithm as its prefix. */
function hexDigest(algorithm: string, chars: number): z.ZodType<string, string> {
  return z
    .string()
    .regex(
      new RegExp(`^(?:${algorithm}:)?[0-9a-f]{${chars}}$`, 'i'),
      `expected ${chars} hexadecimal characters`,
    )
    .transform((text) => text.slice(-chars).toLowerCase());
}

export const searchTags = {
  search: {
    title: 'Search',
    description: 'Search for files, packages and findings in all images.',
  },
} as const satisfies Record<string, OperationTag>;

export const searches = {
  run: defineOperation({
    name: 'search.run',
    method: 'GET',
    path: '/api/v1/search',
    summary: 'Search all images for files by digest or path, packages by name, findings by rule',
    description: 'Exactly one of `sha256`, `sha1`, `md5`, `path`, `package` and `rule`.',
    access: 'images.read',
    query: z.object({
      ...paging,
      project: projectName.optional(),
      sha256: hexDigest('sha256', 64).optional(),
      sha1: hexDigest('sha1', 40).optional(),
      md5: hexDigest('md5', 32).optional(),
      /** Prefix of a path: `etc/ssh/`, `usr/bin/curl`. */
      path: z.string().min(1).max(limits.pathBytes).optional(),
      /** Full name of a package, or its purl with or without a version. */
      package: z.string().min(1).max(limits.packageNameChars).optional(),
      /** Full name of a rule, signature or advisory: `CVE-2024-3094`. */
      rule: z.string().min(1).max(limits.packageNameChars).optional(),
    }),
    output: page(searchHit),
    cli: {
      command: 'search',
      columns: [
        'image',
        'names',
        'kind',
        'path',
        'layer',
        'hiddenBy',
        'package.purl',
        'finding.rule',
      ],
    },
  }),
} as const;
