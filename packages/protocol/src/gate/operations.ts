/** Operations on the pull gate. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, page, paging } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { gate, gateCheck } from './model.ts';

export const gateTags = {
  gate: {
    title: 'Gate',
    description:
      'A pull endpoint in front of watched registries, and a validating admission webhook for ' +
      'Kubernetes; both answer from the same decisions.',
  },
} as const satisfies Record<string, OperationTag>;

export const gates = {
  list: defineOperation({
    name: 'gate.list',
    method: 'GET',
    path: '/api/v1/gate',
    summary: 'List the processes that serve the gate, with their state and counters',
    access: 'registries.read',
    query: z.object(paging),
    output: page(gate),
    cli: {
      command: 'gate status',
      columns: [
        ...['address', 'host', 'state', 'registry', 'counters.pulls.allowed'],
        ...['counters.pulls.warned', 'counters.pulls.denied', 'counters.pulls.held'],
        ...['transfers', 'seenAt', 'problem'],
      ],
    },
  }),
  check: defineOperation({
    name: 'gate.check',
    method: 'GET',
    path: '/api/v1/gate/check',
    summary: 'Show what the gate answers for an image, and why',
    description:
      'The tag is read from the registry. Nothing is inspected: `hold` is answered for an image ' +
      'that is not decided yet, whereas a pull waits for its inspection.',
    access: 'registries.read',
    query: z.object({
      image: line(limits.referenceChars)
        .min(1)
        .describe('Reference of an image in a watched registry, as in registry.lab/app:1.2'),
      project: projectName.optional().describe('Project of the registry'),
    }),
    output: gateCheck,
    errors: ['not_found', 'conflict'],
    cli: { command: 'gate check', positional: ['image'] },
  }),
} as const;
