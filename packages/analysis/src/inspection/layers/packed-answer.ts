/** Transfers the result of a thread: many rows are sent as buffers without copying. */
import type { LayerAnswer } from './layer-task.ts';
import { packedData, packedRows } from '../walk/packed-rows.ts';
import type { PackedData } from '../walk/packed-rows.ts';

export type PackedAnswer = LayerAnswer & { readonly rows?: PackedData };

export function packAnswer(answer: LayerAnswer): {
  message: PackedAnswer;
  transfer: ArrayBuffer[];
} {
  const rows = 'record' in answer ? packedData(answer.record.files) : undefined;
  if (rows === undefined || !('record' in answer)) return { message: answer, transfer: [] };
  const message = { record: { ...answer.record, files: [] }, rows };
  return {
    message,
    transfer: rows.blocks.flatMap(({ fixed, text }) => [fixed.buffer, text.buffer]),
  };
}

export function unpackAnswer({ rows, ...answer }: PackedAnswer): LayerAnswer {
  if (rows === undefined || !('record' in answer)) return answer as LayerAnswer;
  return { record: { ...answer.record, files: packedRows(rows) } };
}
