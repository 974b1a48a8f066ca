/** The effect of the action on a registry that a decision asked for. */
import { z } from 'zod';

import { identifier } from '../core/fields.ts';

export const effectStates = [
  /** It was not started yet, or is retried. */
  'waiting',
  /** A person has to approve it first. */
  'proposed',
  'running',
  'done',
  /** The evidence is stored, but the registry still has the image; the gate refuses it. */
  'blocked',
  'failed',
  /** By a person. */
  'rejected',
  /** A newer decision replaced this one before it began. */
  'withdrawn',
  /** Done, and undone by a person. */
  'released',
] as const;
export type EffectState = (typeof effectStates)[number];

export const decisionEffect = z.object({
  state: z.enum(effectStates),
  action: identifier.nullable().describe('The action on the registry'),
  item: identifier.nullable().describe('The quarantined image'),
  detail: z.string().nullable().describe('Why it waits for approval, was rejected or failed'),
});
export type DecisionEffect = z.output<typeof decisionEffect>;
