/** Errors of the archive readers as reasons of gaps. */
import type { GapReason } from '@lazaret/protocol';

import { DecodeError } from './decode-error.ts';
import { BudgetError } from './nested-budget.ts';
import { TarError } from './tar-entry.ts';
import { ZipError } from './zip-entry.ts';
import type { ZipErrorCode } from './zip-entry.ts';

export interface FailureText {
  readonly reason: GapReason;
  readonly detail: string;
  /** Whether nothing more can be opened, and not just this container. */
  readonly isShared?: true;
}

const zipReasons: Readonly<Record<ZipErrorCode, GapReason>> = {
  not_zip: 'damaged',
  truncated: 'damaged',
  multi_disk: 'missing_part',
  bad_crc: 'damaged',
  bad_size: 'damaged',
  bad_data: 'damaged',
  too_large: 'too_large',
  ratio: 'ratio',
  encrypted: 'encrypted',
  unsupported: 'unsupported',
  overlap: 'ratio',
};

export function describeFailure(error: unknown): FailureText {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof BudgetError) return { reason: error.reason, detail, isShared: true };
  if (error instanceof DecodeError) return { reason: error.code, detail };
  if (error instanceof ZipError) return { reason: zipReasons[error.code], detail };
  if (error instanceof TarError) {
    if (error.code === 'sparse_unsupported') return { reason: 'unsupported', detail };
    return { reason: error.isLimit ? 'too_large' : 'damaged', detail };
  }
  return { reason: 'failed', detail };
}
