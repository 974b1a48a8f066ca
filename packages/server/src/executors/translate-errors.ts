/** Converts errors of the Docker client to those of an executor. */
import { DockerError } from '@lazaret/docker';

import { ExecutorError, type Executor } from './executor.ts';

/** Wraps the executor so that every DockerError of a method becomes an ExecutorError. */
export function translateErrors(executor: Executor): Executor {
  const wrapped = Object.entries(executor).map(([name, member]: [string, unknown]) => [
    name,
    typeof member === 'function' ? wrap(member as Method) : member,
  ]);
  return Object.fromEntries(wrapped) as unknown as Executor;
}

type Method = (...values: unknown[]) => unknown;

function wrap(method: Method): Method {
  return (...values) => {
    const answer = method(...values);
    if (answer instanceof Promise) {
      return answer.catch((error: unknown) => {
        throw translate(error);
      });
    }
    return isAsyncIterable(answer) ? readAll(answer) : answer;
  };
}

async function* readAll<T>(values: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* values;
  } catch (error) {
    throw translate(error);
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function translate(error: unknown): unknown {
  if (!(error instanceof DockerError)) return error;
  const { code, message, status } = error;
  return new ExecutorError(executorCode(code), message, {
    cause: error,
    ...(status === undefined ? {} : { status }),
  });
}

function executorCode(code: DockerError['code']): ExecutorError['code'] {
  if (code === 'too_large') return 'bad_answer';
  return code === 'invalid_endpoint' ? 'incompatible' : code;
}
