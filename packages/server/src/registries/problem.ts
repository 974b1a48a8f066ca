/** Problems of registries, repositories, tags and arrivals as they are stored and shown. */
import { SourceError, TransientError } from '@lazaret/oci';

import { storable } from '../floor/storable.ts';
import { watchLimits } from './limits.ts';

export interface WatchProblem {
  readonly code: string;
  readonly detail: string;
  /** How long the registry asked to wait. */
  readonly afterMs?: number | undefined;
}

export function toProblem(error: unknown): WatchProblem {
  if (error instanceof SourceError) {
    const afterMs = error instanceof TransientError ? error.afterMs : undefined;
    return { code: error.code, detail: cut(error.message), afterMs };
  }
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && typeof path === 'string') {
    return { code: 'unsupported', detail: cut(`the file ${path} cannot be read: ${code}`) };
  }
  return { code: 'internal', detail: cut(message) };
}

/** Whether the registry as a whole cannot be used now. */
export function isRegistryWide({ code }: WatchProblem): boolean {
  return code === 'unreachable' || code === 'rate_limited';
}

function cut(text: string): string {
  return storable(text.slice(0, watchLimits.detailChars));
}
