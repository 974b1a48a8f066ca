/** How a pull ends, from the judgement of its image and the options of the gate. Pure. */
import type { PullOutcome } from '@lazaret/protocol';

import { GateError, retryLater } from './gate-error.ts';
import type { GateSettings } from './gate-settings.ts';
import type { Judgement } from './judge.ts';
import { gateLimits } from './limits.ts';

export interface PullDecision {
  readonly outcome: PullOutcome;
  /** For the client, when the pull passes. */
  readonly warning?: string;
  /** When it does not. */
  readonly error?: GateError;
}

export type PullOptions = Pick<GateSettings, 'undecided' | 'unavailable'>;

/** `name` is what the client asked for, for the messages. */
export function decidePull(found: Judgement, name: string, options: PullOptions): PullDecision {
  const { answer } = found;
  const reason = oneLine(found.reason);
  if (answer === 'allow') return { outcome: 'allowed' };
  if (answer === 'warn') return { outcome: 'warned', warning: `${name}: ${reason}` };
  if (answer === 'hold') return decideHeld({ ...found, reason }, name, options);
  return { outcome: 'denied', error: denied(`${name} is blocked: ${reason}`, found) };
}

function decideHeld(found: Judgement, name: string, options: PullOptions): PullDecision {
  const { reason } = found;
  if (options.undecided === 'allow') {
    return { outcome: 'undecided', warning: `${name} is not decided: ${reason}` };
  }
  if (!found.isPending) {
    return { outcome: 'held', error: denied(`${name} is held: ${reason}`, found) };
  }
  // A client error, because clients print the message of those only.
  const seconds = gateLimits.retryAfterSeconds;
  const message = `${name} is held: ${reason}; try again in ${seconds} s`;
  const headers = retryLater(seconds);
  return { outcome: 'held', error: new GateError('TOOMANYREQUESTS', message, { headers }) };
}

/** While decisions cannot be read. */
export function decideUnavailable(name: string, { unavailable }: PullOptions): PullDecision {
  if (unavailable === 'allow') return { outcome: 'bypassed' };
  const message = `${name} is not served: the decisions about images cannot be read now`;
  return {
    outcome: 'unavailable',
    error: new GateError('UNAVAILABLE', message, { headers: retryLater() }),
  };
}

function denied(message: string, found: Judgement): GateError {
  const { verdict, policy, decision } = found;
  return new GateError('DENIED', message, { detail: { verdict, policy, decision } });
}

/** Reasons contain names from images: untrusted text. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > gateLimits.reasonChars
    ? `${line.slice(0, gateLimits.reasonChars)}...`
    : line;
}
