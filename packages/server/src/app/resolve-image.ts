/** Resolves an image reference on the nodes in turn; the first that has it is used. */
import { Problem, type ImagePin } from '@lazaret/protocol';

import { ExecutorError, type Executor } from '../executors/index.ts';

export async function resolveImage(
  executors: Iterable<Executor>,
  reference: string,
): Promise<Pick<ImagePin, 'digest' | 'kind'>> {
  let answered = false;
  let away = '';
  for (const executor of executors) {
    try {
      const { digest, kind } = await executor.ensureImage(reference);
      return { digest, kind };
    } catch (error) {
      if (!(error instanceof ExecutorError)) throw error;
      if (error.isUnreachable) away = error.message;
      else answered = true;
    }
  }
  if (answered) {
    throw new Problem('image_not_found', `no node has the image ${reference}, nor can pull it`);
  }
  throw new Problem(
    'container_engine_unavailable',
    away === '' ? 'this process serves no node' : `no node answers: ${away}`,
  );
}
