/** What the artifacts offer to the process. */
import type { Slice } from '../floor/slice.ts';
import { artifactSearchable } from './search-artifacts.ts';
import { artifactRoutes, type ArtifactParts } from './routes.ts';

export function artifactsSlice(parts: ArtifactParts): Slice {
  const searchables = [artifactSearchable(parts.database)];
  return { name: 'artifacts', routes: artifactRoutes(parts), searchables };
}
