/** Examines a tree that is not an image (a directory, a container) like a single layer. */
import type { Gap } from '@lazaret/protocol';

import { examineTree } from './examine-tree.ts';
import type { ExaminePlan } from './examine-tree.ts';
import type { FileTree } from '../../tree/file-tree.ts';
import type { TreeRecord } from './tree-record.ts';

/** A tree, and what its walk could not read, complete when the walk has ended. */
export interface WalkedTree {
  readonly tree: FileTree;
  readonly gaps: () => readonly Pick<Gap, 'reason' | 'detail' | 'path'>[];
}

export async function examineOneTree(
  { tree, gaps }: WalkedTree,
  plan: ExaminePlan,
): Promise<TreeRecord> {
  const { record, failure } = await examineTree(tree, plan);
  const own = gaps().map((gap): Gap => ({ by: 'source', ...gap }));
  const ended: Gap[] = failure === undefined ? [] : [{ by: 'layer', ...reasonOf(failure) }];
  return { ...record, gaps: [...record.gaps, ...own, ...ended] };
}

function reasonOf(failure: unknown): Pick<Gap, 'reason' | 'detail'> {
  const detail = failure instanceof Error ? failure.message : 'unknown error';
  const timedOut = failure instanceof Error && /Abort|Timeout/.test(failure.name);
  return { reason: timedOut ? 'timed_out' : 'failed', detail };
}
