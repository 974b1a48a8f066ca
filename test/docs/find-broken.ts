/** Finds missing targets in documents. */
import { posix } from 'node:path';

export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Links to files, and to headings of the same page. Links to other hosts are not checked. */
export function findBrokenLinks(
  pages: readonly Page[],
  exists: (path: string) => boolean,
): string[] {
  return pages.flatMap(({ path, text }) => {
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));
    const prose = text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '');
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return [];
      if (link.startsWith('#')) {
        return headings.includes(link.slice(1)) ? [] : [`${path}: ${link} is not a heading`];
      }
      const target = posix.join(posix.dirname(path), link.split('#')[0] ?? '');
      return exists(target) ? [] : [`${path}: ${link} does not exist`];
    });
  });
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/** `npm run x` and `lazaret x y` in code; words in capitals are placeholders. */
export function findUnknownCommands(
  pages: readonly Page[],
  known: { readonly scripts: readonly string[]; readonly commands: readonly string[] },
): string[] {
  return pages.flatMap(({ path, text }) => {
    const inCode = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`|^ {4}\S.*$/gm)].map(([one]) => one);
    return inCode.flatMap((piece) => [
      ...[...piece.matchAll(/\bnpm run ([a-z]+)/g)]
        .filter(([, name = '']) => !known.scripts.includes(name))
        .map(([line]) => `${path}: ${line}`),
      ...[...piece.matchAll(/(?:^|[`(]|\s--\s|bin\/)lazaret ([a-z]+)(?: ([a-z-]+))?/gm)]
        .filter(([, first = '', second]) => !isCommand(known.commands, first, second))
        .map(([, first = '']) => `${path}: lazaret ${first}`),
    ]);
  });
}

/** A group, as in `lazaret nodes`, is also a command: it lists, or shows its help. */
function isCommand(commands: readonly string[], first: string, second?: string): boolean {
  const group = commands.some((words) => words.startsWith(`${first} `));
  // a command that is also a group uses other words as its arguments
  if (!group || commands.includes(first)) return commands.includes(first);
  return second === undefined || commands.includes(`${first} ${second}`);
}

/** Paths of this repository in code spans, alone or as a program run by node. */
export function findLostFiles(pages: readonly Page[], exists: (path: string) => boolean): string[] {
  const named =
    /(?:`|\bnode )((?:packages|tools|test|engines|deploy|docs|bench|decisions|findings)\/[^`\s*{},<]+)/g;
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(named)]
      .filter(([, file = '']) => !exists(file))
      .map(([, file = '']) => `${path}: ${file}`),
  );
}
