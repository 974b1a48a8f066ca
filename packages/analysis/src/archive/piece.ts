/** One step out of one container, before paths are joined and members opened themselves. */
import type { GapReason } from '@lazaret/protocol';

export type Piece = MemberPiece | GapPiece;

export interface MemberPiece {
  readonly type: 'member';
  readonly name: string;
  readonly bytes: Buffer;
  /** Whether the bytes are part of the container's own, and use no memory. */
  readonly isView: boolean;
  readonly truncated?: boolean;
}

export interface GapPiece {
  readonly type: 'gap';
  /** Absent when it is about the container. */
  readonly name?: string;
  readonly reason: GapReason;
  readonly detail: string;
}
