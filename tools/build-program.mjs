/**
 * Bundles `lazaret inspect` and its threads into a few files, packages/cli/dist: it has about 600
 * modules, and resolving and linking them one by one takes longer than the inspection of a cached
 * image. The sources run everywhere else, and here too as soon as one of them is newer
 * (see packages/cli/bin/is-built.mjs).
 */
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const place = join(root, 'packages', 'cli', 'dist');

/** Entry points: the program, and each thread that it starts. */
const entries = {
  main: 'packages/cli/src/main.ts',
  'layer-thread': 'packages/analysis/src/inspection/layers/layer-thread.ts',
  'yara-worker': 'packages/analysis/src/scan/yara/yara-worker.ts',
};
/** Modules with side effects when loaded. */
const acts = /\/(main|layer-thread|layer-worker|yara-worker)\.ts$/;
/** Not bundled: packages with their own files, and the server, which `inspect` never loads. */
const external = [/^node:/, 'koffi', /^@virustotal\/yara-x/, '@lazaret/server'];

/** `new URL('name', import.meta.url)`: a thread is next to the bundle, any other file stays. */
const siblingModule = /new URL\(\s*'([^']+)',\s*import\.meta\.url\s*,?\s*\)/g;

function keepPlaces() {
  return {
    name: 'keep-places',
    transform(code, id) {
      if (!id.startsWith(join(root, 'packages')) || !code.includes('import.meta.url')) return null;
      const moved = code.replaceAll(siblingModule, (_, name) => {
        const thread = basename(name, '.ts');
        const target = Object.hasOwn(entries, thread)
          ? `./${thread}.js`
          : relative(place, join(dirname(id), name));
        return `new URL('${target}', import.meta.url)`;
      });
      return { code: moved, map: null };
    },
  };
}

const made = `${place}.${process.pid}`;
rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
// Separately: the shared part of two of them is small compared with what only one needs.
const modules = [];
for (const [name, path] of Object.entries(entries)) modules.push(...(await build(name, path)));
const sources = [...new Set([fileURLToPath(import.meta.url), ...modules])];
const list = sources.sort().map((path) => [relative(root, path), statSync(path).size]);
writeFileSync(join(made, 'sources.json'), JSON.stringify(list));
rmSync(place, { recursive: true, force: true });
renameSync(made, place);

/** Writes one entry with its chunks, and returns its sources. */
async function build(name, path) {
  const bundle = await rolldown({
    input: { [name]: join(root, path) },
    cwd: root,
    platform: 'node',
    external,
    plugins: [keepPlaces()],
    // All other modules of ours have no side effects: unused ones are dropped.
    treeshake: {
      moduleSideEffects: (id) => !id.startsWith(join(root, 'packages')) || acts.test(id),
    },
    logLevel: 'warn',
  });
  const { output } = await bundle.write({
    dir: made,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${name}-[name]-[hash].js`,
    // Names are kept, for readable stack traces.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    // Otherwise shared parts are in a separate chunk that loads it: 27 MiB and 60 ms of CPU.
    codeSplitting: { groups: [{ name: 'undici', test: /node_modules\/undici\// }] },
  });
  await bundle.close();
  return output
    .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
    .filter((id) => id.startsWith(join(root, 'packages')));
}
