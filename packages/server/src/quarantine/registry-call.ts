/** Errors of registries as problems of the API. */
import { SourceError } from '@lazaret/oci';
import { Problem } from '@lazaret/protocol';

/** Runs requests to a registry on behalf of a caller. */
export async function registryCall<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceError) {
      const code = error.code === 'not_found' ? 'not_found' : 'registry_refused';
      throw new Problem(code, error.message, { cause: error });
    }
    if ((error as Error).name === 'TimeoutError') {
      throw new Problem('registry_refused', 'the registry did not answer in time');
    }
    throw error;
  }
}
