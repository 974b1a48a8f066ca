/** Lists of similarity digests of known bad programs, as CSV or JSON. */
import { z } from 'zod';

import { parseTlsh } from '../../digest/tlsh.ts';
import { scanLimits } from '../limits.ts';
import { parseCsv } from '../lists/csv.ts';
import { ListError } from '../lists/list-error.ts';

export interface SimilarityEntry {
  /** TLSH, ssdeep or sdhash (`sdbf:03:`), distinguished by its format. */
  readonly digest: string;
  /** The name of the program. */
  readonly name: string;
  /** The source of the classification. */
  readonly source?: string;
}

export interface SimilarityList {
  readonly entries: readonly SimilarityEntry[];
  /** Rows whose digest has none of the formats. */
  readonly skipped: number;
}

const jsonList = z.array(
  z.object({ digest: z.string(), name: z.string(), source: z.string().optional() }),
);

/**
 * Reads rows `digest,name,source`, with or without a header, or a JSON list of objects with these
 * members. Throws ListError.
 */
export function parseSimilarityList(text: string): SimilarityList {
  if (text.length > scanLimits.hashListChars) throw new ListError('the list is too large');
  const rows = text.trimStart().startsWith('[') ? readJson(text) : readCsv(text);
  const entries: SimilarityEntry[] = [];
  let skipped = 0;
  for (const { digest, name, source } of rows) {
    if (!isDigest(digest) || name === '') {
      skipped += 1;
      continue;
    }
    if (entries.length >= scanLimits.similarityListEntries) {
      throw new ListError(`the list has more than ${scanLimits.similarityListEntries} digests`);
    }
    entries.push({ digest, name, ...(source === undefined || source === '' ? {} : { source }) });
  }
  return { entries, skipped };
}

interface ListRow {
  readonly digest: string;
  readonly name: string;
  readonly source?: string | undefined;
}

function readCsv(text: string): ListRow[] {
  const rows: ListRow[] = [];
  for (const fields of parseCsv(text)) {
    const [digest = '', name = '', source] = fields.map((field) => field.trim());
    if (rows.length === 0 && digest.toLowerCase() === 'digest') continue;
    rows.push({ digest, name, source });
  }
  return rows;
}

function readJson(text: string): ListRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ListError('the list starts like JSON, but is not valid JSON');
  }
  const parsed = jsonList.safeParse(value);
  if (!parsed.success)
    throw new ListError('the list contains items that are not digests with names');
  return parsed.data;
}

function isDigest(text: string): boolean {
  if (parseTlsh(text) !== undefined || text.startsWith('sdbf:03:')) return true;
  return /^\d{1,12}:[A-Za-z0-9+/]{0,64}:[A-Za-z0-9+/]{0,64}$/.test(text);
}
