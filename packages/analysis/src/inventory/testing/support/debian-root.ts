/** A root of Debian made by mmdebstrap, and the output of readers and programs for a root. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Fact } from '@lazaret/protocol';

import type { Reader } from '../../reader.ts';
import { factsOf, wholeFile } from '../read-file.ts';

const run = promisify(execFile);

/**
 * The smallest root of Debian's stable release with the output of `dpkg-query` for it. Made once
 * and cached in the temporary directory, because it takes half a minute.
 */
export async function debianRoot(suite: string): Promise<string> {
  const root = join(tmpdir(), `lazaret-debian-${suite}-root`);
  if (existsSync(root)) return root;
  const making = `${root}.${process.pid}`;
  await run('mmdebstrap', ['--variant=minbase', '--quiet', '--mode=auto', suite, making], {
    maxBuffer: 64 * 1024 * 1024,
  });
  await rename(making, root);
  return root;
}

/** The output of a program as its lines. */
export async function linesFrom(program: string, words: readonly string[]): Promise<string[]> {
  const { stdout } = await run(program, words, { maxBuffer: 256 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line !== '');
}

/**
 * All facts that readers find in a directory, files selected by the paths that the readers want.
 */
export async function factsOfDirectory(root: string, readers: readonly Reader[]): Promise<Fact[]> {
  const facts: Fact[] = [];
  for await (const path of filesBelow(root)) {
    for (const reader of readers.filter((one) => isWanted(one, path))) {
      facts.push(...(await factsOf(reader, path, await readFile(join(root, path)))));
    }
  }
  return facts;
}

/** Paths relative to the root. Links are not followed: they would lead to files of the host. */
async function* filesBelow(root: string): AsyncGenerator<string, void, undefined> {
  const waiting = [''];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const entries = await readdir(join(root, place), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = place === '' ? entry.name : `${place}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) yield path;
    }
  }
}

function isWanted({ wants, accepts }: Reader, path: string): boolean {
  const [parent, base = ''] = path.split('/').slice(-2);
  const byName =
    (wants.names ?? []).includes(base) ||
    (wants.parents ?? []).includes(parent ?? '') ||
    (wants.endings ?? []).some((ending) => base.toLowerCase().endsWith(ending));
  return byName && (accepts?.(wholeFile(path, '')) ?? true);
}
