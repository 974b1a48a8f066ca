/** What the artifacts offer to the process. */
import type { Slice } from '../floor/slice.ts';
import { artifactRoutes, type ArtifactParts } from './routes.ts';

export function artifactsSlice(parts: ArtifactParts): Slice {
  return { name: 'artifacts', routes: artifactRoutes(parts) };
}
