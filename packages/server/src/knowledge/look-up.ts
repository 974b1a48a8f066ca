/**
 * The one place that answers "what do we know of this digest, this hash, this package": for people
 * and scripts over the API, and for every part of the server that meets one.
 */
import { parseIndicator, Problem, type Indicator, type Knowledge } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { knowFromImages, resolveContents } from '../inspection/index.ts';
import { knowFromJobs } from '../jobs/index.ts';
import { knowFromRegistries } from '../registries/index.ts';

export interface LookupQuery {
  readonly indicators: readonly string[];
  readonly project?: string | undefined;
  /** The projects in which images, jobs and registries may be read. */
  readonly scopes: {
    readonly images: ProjectScope;
    readonly jobs: ProjectScope;
    readonly registries: ProjectScope;
  };
}

/** One answer for each indicator, in their order. */
export async function lookUp(
  database: Kysely<Database>,
  { indicators, project, scopes }: LookupQuery,
): Promise<Knowledge[]> {
  const asked = indicators.map(read);
  const unique = [...new Map(asked.map((one) => [one.text, one])).values()];
  const digests = unique.filter((one) => one.kind === 'digest');
  const packages = unique.filter((one) => one.kind === 'package');
  const ofImages = { scope: scopes.images, project };
  const contents = await resolveContents(database, ofImages, digests);
  const [images, jobs, registries] = await Promise.all([
    knowFromImages(database, ofImages, { contents, packages }),
    knowFromJobs(database, { scope: scopes.jobs, project }, contents),
    knowFromRegistries(database, { scope: scopes.registries, project }, contents),
  ]);
  return asked.map(({ text }) => {
    const { arrived, verdict, tags } = registries.get(text) ?? notInRegistries;
    const image = images.get(text);
    return {
      indicator: text,
      known: image !== undefined || jobs.has(text) || arrived,
      ...(image ?? { verdict, findings: [], images: none }),
      ...{ jobs: jobs.get(text) ?? none, tags },
    };
  });
}

const none = { items: [], count: 0, isMore: false };
const notInRegistries = { arrived: false, verdict: null, tags: none };

/** The caller has checked them; any other text is refused again, and is never "unknown". */
function read(text: string): Indicator {
  const indicator = parseIndicator(text);
  if (indicator !== undefined) return indicator;
  throw new Problem('invalid_request', `expected a digest or a purl, received ${text}`);
}
