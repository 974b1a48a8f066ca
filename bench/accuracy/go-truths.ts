/** The output of `go version -m` for programs. */
import type { Truth } from './compare.ts';
import { packageId } from './purl.ts';
import { lines } from './run-program.ts';

/** Of every program below a root: its own module, those that it uses, and the standard library. */
export async function goTruths(root: string): Promise<Truth[]> {
  const rows = await lines('go', ['version', '-m', root], { mayFail: true });
  const programs: string[][] = [];
  for (const row of rows) {
    if (row.startsWith('\t')) programs.at(-1)?.push(row);
    else programs.push([row]);
  }
  return programs.flatMap(([head = '', ...lines]) => {
    const [, file = '', version = ''] = /^(.*): go(\d\S*)/.exec(head) ?? [];
    const place = file.slice(root.length + 1);
    const modules = [['stdlib', version] as const, ...modulesOf(lines)];
    return modules.map(([name, ...versions]) => ({
      ...{ ecosystem: 'golang', place },
      anyOf: versions.map((each) => packageId('golang', { name, version: each }).id),
    }));
  });
}

type Module = readonly [path: string, ...versions: string[]];

function modulesOf(rows: readonly string[]): Module[] {
  const modules: Module[] = [];
  for (const row of rows) {
    const [, kind, path = '', version = ''] = row.split('\t');
    if (kind === '=>') {
      modules.pop();
      if (!/^[./]/.test(path)) modules.push([path, version]);
    } else if (kind === 'dep') modules.push([path, version]);
    else if (kind === 'mod') modules.push([path, version, ...commitVersion(rows)]);
  }
  return modules;
}

/** Modules built from a work tree have its commit, in Go's format. */
function commitVersion(rows: readonly string[]): string[] {
  const setting = (name: string): string =>
    rows.find((row) => row.startsWith(`\tbuild\t${name}=`))?.slice(name.length + 8) ?? '';
  const [time, revision] = [setting('vcs.time'), setting('vcs.revision')];
  if (time === '' || revision === '') return [];
  return [`v0.0.0-${time.replaceAll(/[-:TZ]/g, '')}-${revision.slice(0, 12)}`];
}
