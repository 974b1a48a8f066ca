/** How a walk asks for what is inside a file, so that scanners see it as files of their own. */
import type { Gap } from '@lazaret/protocol';

import type { DigestChoice } from '../digest/file-digests.ts';
import type { MemberRow } from './tree-record.ts';

export interface UnpackFile {
  /** Whether files of this kind may hold others. */
  wants(kind: string): boolean;
  /** What the file holds, and inside that, down to the limits. Never throws. */
  open(file: PackedFile): AsyncIterable<UnpackStep>;
}

export interface PackedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly digests: DigestChoice;
}

export type UnpackStep =
  | { readonly member: MemberRow & { readonly bytes: Buffer } }
  | { readonly gap: Gap };
