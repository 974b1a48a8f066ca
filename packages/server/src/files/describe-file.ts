/** All data about a content, from all slices. */
import {
  limits,
  Problem,
  type Artifact,
  type FileDetail,
  type FileOrigin,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { listArtifacts, listOrigins } from '../artifacts/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { findContentFacts, findContentFindings, type ContentFacts } from '../inspection/index.ts';
import { findJobsWithInput, findJobsWithResult } from '../jobs/index.ts';

export interface FileQuery {
  readonly sha256: string;
  readonly project: string | undefined;
  /** Scopes in which jobs and artifacts may be read, and images. */
  readonly jobs: ProjectScope;
  readonly images: ProjectScope;
}

/** Throws not_found for a content that does not exist in the scopes. */
export async function describeFile(
  database: Kysely<Database>,
  { sha256, project, jobs: jobScope, images: imageScope }: FileQuery,
): Promise<FileDetail> {
  const ofJobs = { scope: jobScope, project };
  const ofImages = { scope: imageScope, project };
  const [artifacts, origins, jobs, results, facts, findings] = await Promise.all([
    listArtifacts(database, ofJobs, sha256),
    listOrigins(database, ofJobs, sha256),
    findJobsWithInput(database, ofJobs, sha256),
    findJobsWithResult(database, ofJobs, sha256),
    findContentFacts(database, ofImages, sha256),
    findContentFindings(database, ofImages, sha256),
  ]);
  const sizeBytes = artifacts[0]?.sizeBytes ?? facts?.sizeBytes;
  if (sizeBytes === undefined) throw new Problem('not_found', `no file ${sha256} in your projects`);
  return {
    ...{ sha256, sizeBytes, names: namesOf({ artifacts, origins, jobs, facts }, sha256) },
    ...{ findings, ...fromImages(facts), jobs, results, artifacts, origins },
  };
}

/** The fields that only come from an inspection. */
function fromImages(
  facts: ContentFacts | undefined,
): Pick<FileDetail, 'sha1' | 'md5' | 'kind' | 'places'> {
  if (facts === undefined) {
    const places = { items: [], count: 0, isMore: false };
    return { sha1: null, md5: null, kind: null, places };
  }
  const { sha1, md5, kind, places, count, isMore } = facts;
  return { sha1, md5, kind, places: { items: [...places], count, isMore } };
}

interface Named {
  readonly artifacts: readonly Artifact[];
  readonly origins: readonly FileOrigin[];
  readonly jobs: FileDetail['jobs'];
  readonly facts: ContentFacts | undefined;
}

function namesOf({ artifacts, origins, jobs, facts }: Named, sha256: string): string[] {
  const names = [
    ...artifacts.map(({ name }) => name),
    ...jobs.items.flatMap(({ inputs }) =>
      inputs.filter((input) => input.sha256 === sha256).map(({ name }) => name),
    ),
    ...[...origins, ...(facts?.places ?? [])].map(({ path }) => lastComponent(path)),
  ];
  // An upload without a name is named by its digest.
  const unique = [...new Set(names)].filter((name) => name !== '' && name !== sha256);
  return unique.slice(0, limits.fileListItems);
}

/** The file name without its directories and archives. */
export function lastComponent(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
