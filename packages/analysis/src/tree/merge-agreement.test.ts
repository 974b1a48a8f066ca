/**
 * The merged view against what GNU tar makes of the same layers on a real disk, with a script that
 * applies whiteouts before each layer, as the specification says it.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { FileRow } from '@lazaret/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { TarInput } from '../archive/write-tar.ts';
import { examineLayer } from '../inspection/layers/examine-layer.ts';
import { buildTar } from '../testing/image-builder.ts';
import { mergeLayers } from './merge-layers.ts';

const run = promisify(execFile);
/** `MERGE_IMAGES=5000 MERGE_SEED=1` generates more and different ones. */
const images = Number(process.env['MERGE_IMAGES'] ?? 1_000);
const seed = Number(process.env['MERGE_SEED'] ?? 20_261_121);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-merge-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/**
 * Applies the layers `0.tar`, `1.tar`... of each image directory below the current one and prints
 * the result. GNU tar does not replace a directory by a file, so such directories go first.
 */
const script = String.raw`
set -eu
for image in [0-9]*; do
  root="$image/root"; mkdir "$root"
  for layer in "$image"/*.tar; do
    mapfile -t names < <(tar -tf "$layer")
    for name in "\${names[@]}"; do
      name="\${name%/}"; base="\${name##*/}"; parent="$root/\${name%"$base"}"
      case "$base" in
        .wh..wh..opq) [ ! -d "$parent" ] || find "$parent" -mindepth 1 -delete ;;
        .wh.?*) [ ! -e "$parent\${base#.wh.}" ] && [ ! -L "$parent\${base#.wh.}" ] || rm -rf "$parent\${base#.wh.}" ;;
      esac
    done
    for name in "\${names[@]}"; do
      case "$name" in */) continue ;; esac
      if [ -d "$root/$name" ] && [ ! -L "$root/$name" ]; then rm -rf "$root/$name"; fi
    done
    tar -xf "$layer" -C "$root" --no-same-owner --exclude='.wh.*' 2> /dev/null || touch "$image/refused"
  done
  if [ -e "$image/refused" ]; then echo "# $image refused"; continue; fi
  echo "# $image"
  (cd "$root" && find . -mindepth 1 \( -type l -printf '%P -> %l\n' -o -type d -printf '%P/\n' -o -type f -printf '%P = ' -exec cat {} \; -printf '\n' \) | LC_ALL=C sort)
done
`.replaceAll('\\$', '$');

const names = ['a', 'b', 'd', 'e'];
const paths = fc.constantFrom(...names, 'd/a', 'd/b', 'd/e', 'd/e/a', 'd/e/b', 'e/a', 'e/f/g');
const linked = fc.constantFrom('l/a', 'l/n', 'm/a', 'm/n', 'l/e/a', 'd/k/b');

function file(path: string, text: string): TarInput {
  return { path, content: Buffer.from(text) };
}

const plainEntry = fc.oneof(
  fc.tuple(paths, fc.nat(9)).map(([path, text]) => file(path, String(text))),
  paths.map((path): TarInput => ({ path, type: 'directory' })),
);
const hiding = fc.oneof(
  paths.map((path) => file(path.replace(/[^/]+$/, '.wh.$&'), '')),
  fc.constantFrom('', 'd/', 'd/e/', 'e/').map((parent) => file(`${parent}.wh..wh..opq`, '')),
);
const links: TarInput[] = [
  { path: 'l', type: 'symlink', linkPath: 'd' },
  { path: 'm', type: 'symlink', linkPath: 'd/e' },
  { path: 'd/k', type: 'symlink', linkPath: 'e' },
];
/**
 * Through links, and no directory is replaced at the same time: the order of the script would
 * matter.
 */
const linkedLayer = fc
  .tuple(
    fc.array(fc.tuple(linked, fc.nat(9)).map(([path, text]) => file(path, `via ${text}`))),
    fc.array(hiding, { maxLength: 1 }),
  )
  .map(([files, hidden]) => [...hidden, ...files]);
const plainLayer = fc
  .array(fc.oneof({ weight: 3, arbitrary: plainEntry }, { weight: 1, arbitrary: hiding }), {
    minLength: 1,
    maxLength: 6,
  })
  .map(consistent);
const first = [
  { path: 'd', type: 'directory' } as const,
  { path: 'd/e', type: 'directory' } as const,
  ...links,
];
const image = fc
  .array(fc.oneof(plainLayer, linkedLayer), { minLength: 1, maxLength: 4 })
  .map((layers) => [first, ...layers]);

/** Omits a second entry of a path, and entries below a file of the same layer. */
function consistent(entries: readonly TarInput[]): TarInput[] {
  const kept = new Map<string, TarInput>();
  for (const entry of entries) {
    const parents = entry.path.split('/').map((_, at, parts) => parts.slice(0, at).join('/'));
    const below = parents.some((parent) => kept.get(parent)?.content !== undefined);
    const above = [...kept.keys()].some((path) => path.startsWith(`${entry.path}/`));
    const isFile = entry.content !== undefined;
    if (!kept.has(entry.path) && !below && !(above && isFile)) kept.set(entry.path, entry);
  }
  return [...kept.values()];
}

test(`${images} random images look as GNU tar and a whiteout script make them`, async () => {
  const samples = fc.sample(image, { numRuns: images, seed });
  const expected = new Map<string, string>();
  for (const [at, layers] of samples.entries()) {
    const name = String(at).padStart(5, '0');
    await mkdir(join(directory, name));
    const rows: (readonly FileRow[])[] = [];
    const contents: string[][] = [];
    for (const [layer, entries] of layers.entries()) {
      const tar = await buildTar(entries);
      await writeFile(join(directory, name, `${layer}.tar`), tar);
      rows.push(await rowsOf(tar));
      contents.push(entries.map(({ content }) => textOf(content)));
    }
    expected.set(name, listing(rows, contents).join('\n'));
  }
  const { stdout } = await run('bash', ['-c', script], {
    cwd: directory,
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = stdout
    .split(/^# /m)
    .slice(1)
    .filter((text) => !/^\d+ refused\n/.test(text))
    .map((text): [string, string] => [text.slice(0, 5), text.slice(6).trimEnd()]);
  expect(found.length).toBeGreaterThan(images / 2);
  for (const [name, text] of found) {
    const wanted = expected.get(name) ?? '';
    expect(withoutBareDirectories(text, wanted), name).toBe(wanted);
  }
}, 1_800_000);

/** Parent directories of removed entries are on the disk and in no layer. */
function withoutBareDirectories(text: string, wanted: string): string {
  const listed = new Set(wanted.split('\n'));
  const lines = text.split('\n');
  const exists = (line: string): boolean => !line.endsWith('/') || listed.has(line);
  const isAbove = (line: string): boolean =>
    lines.some((other) => other.startsWith(line) && exists(other));
  return lines.filter((line) => exists(line) || isAbove(line)).join('\n');
}

async function rowsOf(tar: Buffer): Promise<readonly FileRow[]> {
  async function* once(): AsyncGenerator<Uint8Array, void, undefined> {
    yield await Promise.resolve(tar);
  }
  const { files } = await examineLayer(
    once(),
    {},
    { readers: [], scanners: [], digests: 'sha256', isLayer: true },
  );
  return files;
}

function textOf(content: TarInput['content']): string {
  return content instanceof Uint8Array ? Buffer.from(content).toString() : '';
}

/** In the form of the script's, directories that no layer lists included. */
function listing(rows: readonly (readonly FileRow[])[], contents: readonly string[][]): string[] {
  const lines = new Set<string>();
  for (const { path, layer, row, content } of mergeLayers(rows).files()) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      lines.add(`${path.slice(0, at)}/`);
    }
    const found = rows[layer]?.[row];
    if (found?.type === 'directory') lines.add(`${path}/`);
    else if (found?.type === 'symlink') lines.add(`${path} -> ${found.linkPath ?? ''}`);
    else lines.add(`${path} = ${contents[content.layer]?.[content.row] ?? ''}`);
  }
  return [...lines].toSorted();
}
