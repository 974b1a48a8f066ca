/** Sending to a target, whatever its kind. */
import { escapeInvisible, type InspectionReport } from '@lazaret/protocol';
import { PrivateAddressError, PrivateHostError, type Lookup } from '@lazaret/oci/registry';

import { SecretUnavailable } from '../floor/secret-reference.ts';
import { notificationLimits } from './limits.ts';
import type { Message } from './message.ts';
import type { TargetPlaces } from './secrets.ts';

export interface SendParts {
  readonly places: TargetPlaces;
  /** Where clients reach the server; empty unless it is configured. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The stored report of an image; undefined when there is none any more. */
  readonly readReport: (project: string, digest: string) => Promise<InspectionReport | undefined>;
  /** What a run of a script printed; undefined when it is not stored any more. */
  readonly readScriptOutput: (
    project: string,
    run: string,
  ) => Promise<{ readonly directory: string; readonly stdout: Buffer } | undefined>;
  /** Resolves names instead of the system. */
  readonly lookup?: Lookup | undefined;
}

export interface SendResult {
  /**
   * `failed`: the target cannot be used now; `rejected`: it does not accept this message;
   * `gone`: it does not want any more messages.
   */
  readonly outcome: 'delivered' | 'failed' | 'rejected' | 'gone';
  /** Of HTTP or SMTP; null without an answer. */
  readonly status: number | null;
  readonly detail: string;
  /** How long the receiver asked to wait. */
  readonly afterMs?: number | undefined;
}

export interface Sender {
  /** Sends what belongs together in one message. Throws only when the signal aborts. */
  send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}

/** One line for a reason, from an answer or an error. */
export function toReason(text: string): string {
  const line = escapeInvisible(text.trim());
  const { reasonChars } = notificationLimits;
  return line.length > reasonChars ? `${line.slice(0, reasonChars).toWellFormed()}…` : line;
}

/** A failure without an answer. */
export function describeFailure(error: unknown, host: string): SendResult {
  const failed = { outcome: 'failed', status: null } as const;
  if (error instanceof PrivateAddressError || error instanceof PrivateHostError) {
    const detail = `${host} has a private address; the setting allowPrivate allows it`;
    return { ...failed, detail };
  }
  if (error instanceof SecretUnavailable) return { ...failed, detail: toReason(error.message) };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'TimeoutError') {
    const seconds = notificationLimits.attemptMs / 1_000;
    return { ...failed, detail: `${host} did not answer completely within ${seconds} seconds` };
  }
  return { ...failed, detail: toReason(message) };
}
