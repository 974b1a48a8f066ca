/** Why actions fail, as it is stored and shown. */
import { SourceError, TransientError } from '@lazaret/oci';
import { Problem } from '@lazaret/protocol';

import { storable } from '../floor/storable.ts';
import type { ActionProblem } from './action-lease.ts';
import { actionLimits } from './limits.ts';

/** What stops an action for good; the message says what to do. */
export class ActionError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ActionError';
    this.code = code;
  }
}

export function toActionProblem(error: unknown): ActionProblem {
  const detail = storable((error as Error).message.slice(0, actionLimits.detailChars));
  if (error instanceof ActionError) return { code: error.code, detail, isTransient: false };
  if (error instanceof TransientError) {
    return { code: error.code, detail, afterMs: error.afterMs, isTransient: true };
  }
  if (error instanceof SourceError) {
    return { code: error.code, detail, isTransient: error.code === 'unreachable' };
  }
  if (error instanceof Problem) {
    return { code: error.code, detail, isTransient: error.code === 'unavailable' };
  }
  return { code: 'internal', detail, isTransient: true };
}
