import { DockerError } from './docker-error.ts';

/**
 * Waits for a shared task: a signal ends this wait, as DockerError `aborted`, and not the
 * task.
 */
export async function untilAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new DockerError('aborted', 'aborted while waiting'));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
