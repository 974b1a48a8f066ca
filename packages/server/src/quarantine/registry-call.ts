/** Errors of registries as problems of the API. */
import { SourceError } from '@lazaret/oci';
import { Problem } from '@lazaret/protocol';

/** Runs requests to the registry of this name on behalf of a caller. */
export async function registryCall<T>(registry: string, work: () => Promise<T>): Promise<T> {
  const hint = `Run \`lazaret registries check ${registry}\` for what works with the registry.`;
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceError) {
      const code = error.code === 'not_found' ? 'not_found' : 'registry_refused';
      const refused = code === 'registry_refused' ? { hint } : {};
      throw new Problem(code, error.message, { cause: error, ...refused });
    }
    if ((error as Error).name === 'TimeoutError') {
      throw new Problem('registry_refused', 'the registry did not answer in time', { hint });
    }
    throw error;
  }
}
