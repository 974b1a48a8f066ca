/** Operations on hooks, and the addresses at which registries deliver. */
import { z } from 'zod';

import { identifier, page, paging, queryBoolean, queryList, slug } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import {
  delivery,
  deliveryDetail,
  deliveryStates,
  hook,
  hookChange,
  hookName,
  hookRequest,
  hookTest,
  hookWithSecret,
} from './model.ts';

const byName = z.object({ name: hookName.describe('Name of the hook') });
const byId = z.object({ id: identifier.describe('ID of the delivery') });
const accepted = z.object({ delivery: identifier });
const receiving = {
  method: 'POST',
  access: 'public',
  status: 202,
  bodyKind: 'bytes',
  output: accepted,
  errors: ['hook_not_authentic', 'hook_secret_unavailable', 'payload_too_large'],
} as const;
const receivingDescription =
  'Called by registries. The request is authenticated, stored and answered; it is processed ' +
  'afterwards. Contents that cannot be read are accepted too and become dead letters, so that ' +
  'the sender does not retry them.';
const path = z.string().max(limits.hookPathChars).describe('Path of the hook');

export const hookTags = {
  hooks: { title: 'Hooks', description: 'Push notifications that registries send.' },
} as const satisfies Record<string, OperationTag>;

export const hooks = {
  list: defineOperation({
    name: 'hooks.list',
    method: 'GET',
    path: '/api/v1/hooks',
    summary: 'List hooks with what they received',
    access: 'hooks.manage',
    query: z.object({
      ...paging,
      registry: slug.optional().describe('Only hooks of this registry'),
    }),
    output: page(hook),
    cli: {
      command: 'hooks list',
      columns: [
        ...['name', 'registry', 'kind', 'authentication', 'counts.queued', 'counts.dead'],
        ...['counts.refused', 'lastDeliveryAt', 'source'],
      ],
    },
  }),
  add: defineOperation({
    name: 'hooks.add',
    method: 'POST',
    path: '/api/v1/hooks',
    summary: 'Add a hook: an address at which a registry reports pushes',
    description:
      'The answer contains the address and, unless a secret is referred to, a generated secret, ' +
      'which is not shown again.',
    access: 'hooks.manage',
    status: 201,
    body: hookRequest,
    output: hookWithSecret,
    errors: ['already_exists', 'not_found'],
    cli: { command: 'hooks add', positional: ['name', 'registry', 'kind'] },
  }),
  show: defineOperation({
    name: 'hooks.show',
    method: 'GET',
    path: '/api/v1/hooks/:name',
    summary: 'Show a hook',
    access: 'hooks.manage',
    params: byName,
    output: hook,
    errors: ['not_found'],
    cli: { command: 'hooks show' },
  }),
  update: defineOperation({
    name: 'hooks.update',
    method: 'PATCH',
    path: '/api/v1/hooks/:name',
    summary: 'Change a hook, or replace its generated secret',
    access: 'hooks.manage',
    params: byName,
    body: hookChange,
    output: hookWithSecret,
    errors: ['not_found', 'conflict'],
    cli: { command: 'hooks update' },
  }),
  remove: defineOperation({
    name: 'hooks.remove',
    method: 'DELETE',
    path: '/api/v1/hooks/:name',
    summary: 'Remove a hook with its deliveries; what was reported stays recorded',
    access: 'hooks.manage',
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'hooks remove', confirm: true },
  }),
  test: defineOperation({
    name: 'hooks.test',
    method: 'POST',
    path: '/api/v1/hooks/:name/test',
    summary: 'Send a notification as the registry would to the hook, and report what happens',
    description:
      'The server sends an authentic request of the kind of the hook to its own address. It is ' +
      'received, stored and read like any other, but records no arrival. Whether the registry ' +
      'reaches that address is not tested.',
    access: 'hooks.manage',
    params: byName,
    output: hookTest,
    errors: ['not_found', 'hook_secret_unavailable', 'unavailable'],
    cli: { command: 'hooks test' },
  }),
  deliveries: defineOperation({
    name: 'hooks.deliveries',
    method: 'GET',
    path: '/api/v1/hook-deliveries',
    summary: 'List what hooks received, newest first',
    access: 'hooks.manage',
    query: z.object({
      ...paging,
      hook: hookName.optional().describe('Only deliveries to this hook'),
      state: queryList(z.enum(deliveryStates))
        .optional()
        .describe('Only deliveries in this state; `dead` are dead letters'),
      test: queryBoolean.optional().describe('Whether `hooks test` sent the delivery'),
    }),
    output: page(delivery),
    cli: {
      command: 'hooks deliveries',
      columns: ['id', 'hook', 'state', 'receivedAt', 'sizeBytes', 'reason'],
    },
  }),
  delivery: defineOperation({
    name: 'hooks.delivery',
    method: 'GET',
    path: '/api/v1/hook-deliveries/:id',
    summary: 'Show a delivery with its events and its content',
    access: 'hooks.manage',
    params: byId,
    output: deliveryDetail,
    errors: ['not_found'],
    cli: { command: 'hooks delivery' },
  }),
  replay: defineOperation({
    name: 'hooks.replay',
    method: 'POST',
    path: '/api/v1/hook-deliveries/:id/replay',
    summary: 'Process a delivery again, for instance a dead letter',
    description: 'Events that were recorded already are not recorded twice.',
    access: 'hooks.manage',
    status: 202,
    params: byId,
    output: delivery,
    errors: ['not_found', 'conflict'],
    cli: { command: 'hooks replay' },
  }),
  receive: defineOperation({
    ...receiving,
    name: 'hooks.receive',
    path: '/hooks/:path',
    summary: 'Receive a push notification of a registry',
    description: receivingDescription,
    params: z.object({ path }),
  }),
  receiveWithSecret: defineOperation({
    ...receiving,
    name: 'hooks.receiveWithSecret',
    path: '/hooks/:path/:secret',
    summary: 'Receive a push notification of a registry that can only be given an address',
    description: receivingDescription,
    params: z.object({
      path,
      secret: z.string().max(limits.urlParameterChars).describe('Secret of the hook'),
    }),
  }),
  checkImage: defineOperation({
    ...receiving,
    name: 'hooks.checkImage',
    path: '/check_image',
    summary: 'Receive a notification of CNCF Distribution at the address of an earlier product',
    description: `${receivingDescription} Needs a hook with \`checkImage\`; without one nothing is accepted.`,
  }),
} as const;
