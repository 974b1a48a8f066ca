/** Unpacks archives, so that scanners see their members as files. */
import type { Gap } from '@lazaret/protocol';

import { NestedBudget } from '../../archive/nested-budget.ts';
import { openNested } from '../../archive/nested.ts';
import { digestBytes } from '../../digest/file-digests.ts';
import type { DigestChoice } from '../../digest/file-digests.ts';
import { fileKind, fileKindBytes } from '../../format/file-kind.ts';
import type { MemberRow } from './tree-record.ts';

export interface PackedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export type UnpackStep =
  | { readonly member: MemberRow & { readonly bytes: Buffer } }
  | { readonly gap: Gap };

/** The members of a file, recursively, up to the limits. Never throws. */
export type UnpackMembers = (file: PackedFile) => AsyncIterable<UnpackStep>;

export interface UnpackOptions {
  readonly digests: DigestChoice;
  /** Monotonic milliseconds, for the time limit of one file. */
  readonly now: () => number;
}

export function unpackMembers({ digests, now }: UnpackOptions): UnpackMembers {
  const budget = new NestedBudget({ now });
  return async function* unpack(file) {
    for await (const step of openNested(file, budget)) {
      if (step.type === 'gap') {
        const { path, reason, detail } = step;
        yield { gap: { by: 'unpacking', path, reason, detail } };
        continue;
      }
      const { path, bytes } = step;
      const kind = fileKind(bytes.subarray(0, fileKindBytes), bytes.length);
      const member = { path, sizeBytes: bytes.length, ...digestBytes(bytes, digests), kind };
      yield { member: { ...member, bytes } };
    }
  };
}
