/** Packages of conda: one file for each in `conda-meta`, with its installed files. */
import type { Fact } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import { packageFactOf } from '../found-package.ts';
import { asList, asObject, asText, field, parseJsonObject } from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';

export const condaReader: Reader = {
  id: 'conda',
  version: 1,
  wants: { parents: ['conda-meta'] },
  accepts: ({ path }) => path.endsWith('.json'),
  maxBytes: inventoryLimits.readerJsonBytes,
  read: readConda,
};

function readConda(file: WholeFile, emit: (fact: Fact) => void): void {
  const json = parseJsonObject(file.bytes);
  const text = (name: string): string | undefined => asText(field(json, name));
  const [name, version, license] = [text('name'), text('version'), text('license')];
  if (name === undefined || version === undefined) {
    throw new ReadError('missing_part', 'has no name or no version');
  }
  const qualifiers = {
    build: text('build'),
    channel: text('channel')?.replace(/^https?:\/\/[^/]+\//, ''),
    subdir: text('subdir'),
  };
  const found = { type: 'conda', foundBy: 'database', state: 'installed' } as const;
  const dependsOn = texts(json, 'depends').map((need) => need.split(' ', 1)[0] ?? '');
  const licenses = license === undefined ? [] : [license];
  const fact = { ...found, name, version, qualifiers, licenses, dependsOn };
  emit(packageFactOf(file.path, fact));
  emitFiles(file, json, emit);
}

function emitFiles(file: WholeFile, json: JsonObject, emit: (fact: Fact) => void): void {
  const owned = createOwnedFiles(createParseWarnings({ reader: 'conda', path: file.path, emit }));
  const base = file.path.split('/').slice(0, -2).join('/');
  const digests = digestsOf(json);
  for (const path of texts(json, 'files')) owned.add(`${base}/${path}`, digests.get(path));
  const files = owned.take();
  const [name, version] = [asText(field(json, 'name')), asText(field(json, 'version'))];
  if (files.length === 0 || name === undefined || version === undefined) return;
  emit({ kind: 'ownership', path: file.path, type: 'conda', name, version, files });
}

/** Digests as installed; those of the archive differ if conda wrote the prefix into a file. */
function digestsOf(json: JsonObject): Map<string, string> {
  const digests = new Map<string, string>();
  for (const item of asList(field(asObject(field(json, 'paths_data')), 'paths'))) {
    const entry = asObject(item);
    const path = asText(field(entry, '_path'));
    const written = field(entry, 'file_mode') === undefined ? 'sha256' : 'sha256_in_prefix';
    const digest = asText(field(entry, 'sha256_in_prefix')) ?? asText(field(entry, written));
    if (path !== undefined && /^[0-9a-f]{64}$/.test(digest ?? '')) {
      digests.set(path, `sha256:${digest}`);
    }
  }
  return digests;
}

function texts(json: JsonObject, name: string): string[] {
  return asList(field(json, name)).filter((item) => typeof item === 'string');
}
