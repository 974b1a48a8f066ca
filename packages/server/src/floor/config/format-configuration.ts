/** The configuration as a commented YAML file, which can be read again. */
import { stringify } from 'yaml';

export interface DescribedOption {
  readonly key: string;
  readonly value: unknown;
  /** `default`, a file, a variable or a flag. */
  readonly source: string;
  readonly summary: string;
}

const lineChars = 80;

/**
 * Every option with its summary as a comment and the source of its value. With `commentDefaults`
 * options at their defaults are comments as well, as in a configuration file to be edited.
 */
export function formatConfiguration(
  options: readonly DescribedOption[],
  { commentDefaults = false }: { readonly commentDefaults?: boolean } = {},
): string {
  return options
    .map(({ key, value, source, summary }) => {
      const comment = wrap(`${summary}.`, lineChars - 2).map((line) => `# ${line}\n`);
      const [first = '', ...rest] = stringify({ [key]: value }, { lineWidth: 0 })
        .trimEnd()
        .split('\n');
      const isCommented = commentDefaults && source === 'default';
      const head = isCommented ? first : `${first} # ${source}`;
      const lines = [head, ...rest].map((line) => `${isCommented ? '# ' : ''}${line}\n`);
      return [...comment, ...lines].join('');
    })
    .join('\n');
}

/** Lines of at most so many characters, broken between words. */
function wrap(text: string, maxChars: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= maxChars) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
