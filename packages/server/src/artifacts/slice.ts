/** The slice of artifacts. */
import { ArchiveBrowser } from '@lazaret/analysis';

import type { Slice } from '../floor/slice.ts';
import { artifactSearchable } from './search-artifacts.ts';
import { artifactRoutes, type ArtifactParts } from './routes.ts';

export function artifactsSlice(parts: ArtifactParts): Slice {
  const searchables = [artifactSearchable(parts.database)];
  const archives = new ArchiveBrowser();
  return {
    name: 'artifacts',
    routes: artifactRoutes(parts, archives),
    searchables,
    stop: () => archives.close(),
  };
}
