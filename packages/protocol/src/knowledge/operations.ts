/** Operations on what is known. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { parseIndicator } from './indicator.ts';
import { knowledge } from './model.ts';

export const knowledgeTags = {
  knowledge: {
    title: 'Knowledge',
    description: 'What is known about digests and packages, many at once.',
  },
} as const satisfies Record<string, OperationTag>;

const indicator = line(limits.lookupIndicatorChars).refine(
  (text) => parseIndicator(text) !== undefined,
  {
    error: ({ input }) =>
      'expected a SHA-256, SHA-1 or MD5 in hexadecimal, or a purl (pkg:deb/debian/bash@5.2), ' +
      `received ${JSON.stringify(input)}`,
  },
);

export const lookups = {
  run: defineOperation({
    name: 'knowledge.lookup',
    method: 'POST',
    path: '/api/v1/knowledge/lookup',
    summary: 'Look up digests and packages in everything that is stored',
    description:
      'Changes nothing. The answer has one item for each indicator, in their order. A digest is ' +
      'looked up as the digest of a file and of an image; a purl without a version is any version.',
    access: 'images.read',
    body: z.object({
      indicators: z
        .array(indicator)
        .min(1)
        .max(limits.lookupIndicators)
        .describe('Digests (SHA-256, SHA-1, MD5) and purls'),
      project: projectName
        .optional()
        .describe('Only what this project has (default: all accessible projects)'),
    }),
    output: z.object({ items: z.array(knowledge) }),
    cli: { command: 'lookup', positional: ['indicators'] },
  }),
} as const;
