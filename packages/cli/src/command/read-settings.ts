/** From the global flags and the environment to the settings of a command. */
import { usageFailure } from '../failure.ts';
import {
  outputFormats,
  type CommandSpec,
  type Flags,
  type Settings,
  type Shell,
} from './command.ts';

interface Chosen {
  readonly format: string;
  readonly outputFile: string | undefined;
  /** Set when the file was named by `--output`, as earlier versions did. */
  readonly isEarlierForm?: boolean;
}

/** Reads the settings; throws a usage failure for a format or a combination that makes no sense. */
export function readSettings(
  shell: Shell,
  { spec, flags }: { readonly spec: CommandSpec; readonly flags: Flags },
  color: Settings['color'],
): Settings & { readonly isEarlierForm: boolean } {
  const text = (name: string): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const { format, outputFile, isEarlierForm = false } = chooseOutput(shell, spec, flags);
  if (outputFile !== undefined && (spec.endless === true || flags['watch'] === true)) {
    throw usageFailure('--output-file: the output of this command has no end', {
      hint: `Redirect it instead: lazaret ${spec.words} ... > ${outputFile}`,
    });
  }
  const columns = text('columns')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    server: text('server'),
    token: text('token'),
    context: text('context'),
    output: format === 'json' || format === 'yaml' ? format : 'table',
    format,
    wide: format === 'wide',
    outputFile,
    isEarlierForm,
    quiet: flags['quiet'] === true || format === 'name',
    columns: columns === undefined || columns.length === 0 ? undefined : columns,
    color: outputFile === undefined ? color : { ...color, stdout: false },
  };
}

function chooseOutput({ environment }: Shell, spec: CommandSpec, flags: Flags): Chosen {
  const formats = spec.formats ?? outputFormats;
  const [usual = 'table'] = formats;
  const outputFile = readOutputFile(flags['outputFile']);
  if (spec.ownOutput === true) return { format: usual, outputFile };
  const given = flags['output'];
  if (typeof given !== 'string') {
    return { format: formatOfEnvironment(environment.output, formats) ?? usual, outputFile };
  }
  if (formats.includes(given)) return { format: given, outputFile };
  if (spec.outputWasFile === true && outputFile === undefined && isClearlyPath(given)) {
    return { format: usual, outputFile: readOutputFile(given), isEarlierForm: true };
  }
  throw usageFailure(`--output: expected ${listOf(formats)}, received ${JSON.stringify(given)}`, {
    hint: `--output chooses a format. To write to a file: --output-file ${given} (-O ${given}).`,
  });
}

/** Standard output for `-`. */
function readOutputFile(path: Flags[string]): string | undefined {
  if (path === '') throw usageFailure('--output-file: expected the path of a file');
  return typeof path === 'string' && path !== '-' ? path : undefined;
}

/** Applies to the commands that have the format; a wrong word is refused everywhere. */
function formatOfEnvironment(
  given: string | undefined,
  formats: readonly string[],
): string | undefined {
  if (given === undefined) return undefined;
  if (formats.includes(given)) return given;
  if ((outputFormats as readonly string[]).includes(given)) return undefined;
  throw usageFailure(
    `LAZARET_OUTPUT: expected ${listOf(outputFormats)}, received ${JSON.stringify(given)}`,
  );
}

/** `-`, or a word with a slash or a dot, which no format has. */
function isClearlyPath(text: string): boolean {
  return text === '-' || /[/.]/.test(text);
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
