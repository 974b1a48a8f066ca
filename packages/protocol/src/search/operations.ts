/** The global search. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { page, paging, queryList, textOfBytes } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { searchGroup, searchHit, searchKinds } from './model.ts';

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
    description: 'Search jobs, images, artifacts, files, packages and findings.',
  },
} as const satisfies Record<string, OperationTag>;

export const searches = {
  run: defineOperation({
    name: 'search.run',
    method: 'GET',
    path: '/api/v1/search',
    summary: 'Search jobs, images, artifacts, files, packages and findings',
    description:
      'Exactly one of `text`, `sha256`, `sha1`, `md5`, `path`, `package` and `rule`. What `text` ' +
      'is determined by its format: a digest or its prefix, a path from the root, a purl, an id, ' +
      'or a part of a name (3 characters or more; shorter texts are prefixes of names).',
    access: 'images.read',
    query: z.object({
      ...paging,
      cursor: z
        .string()
        .max(limits.imageCursorChars)
        .optional()
        .describe('Value of `next` of the previous page'),
      project: projectName
        .optional()
        .describe('Only results of this project (default: all accessible projects)'),
      text: z
        .string()
        .min(1)
        .max(limits.searchTextChars)
        .optional()
        .describe('A hash, a name or part of it, a path, a package, an image or a job'),
      kind: queryList(z.enum(searchKinds)).optional().describe('Only results of these kinds'),
      perKind: z.coerce
        .number()
        .int()
        .min(1)
        .max(limits.searchPerKindMax)
        .optional()
        .describe('Maximum results per kind, for an overview; disables paging'),
      sha256: hexDigest('sha256', 64).optional().describe('SHA-256 of a file'),
      sha1: hexDigest('sha1', 40).optional().describe('SHA-1 of a file'),
      md5: hexDigest('md5', 32).optional().describe('MD5 of a file'),
      path: textOfBytes(limits.pathBytes)
        .min(1)
        .optional()
        .describe('Prefix of a path: `etc/ssh/`, `usr/bin/curl`'),
      package: z
        .string()
        .min(1)
        .max(limits.packageNameChars)
        .optional()
        .describe('Full name of a package, or its purl with or without a version'),
      rule: z
        .string()
        .min(1)
        .max(limits.packageNameChars)
        .optional()
        .describe('Full name of a rule, signature or advisory: `CVE-2024-3094`'),
    }),
    output: page(searchHit).extend({
      groups: z.array(searchGroup).describe('Number of results by kind; on the first page only'),
    }),
    cli: {
      command: 'search',
      positional: ['text'],
      columns: ['kind', 'id', 'title', 'project', 'names', 'layer', 'hiddenBy'],
    },
  }),
} as const;
