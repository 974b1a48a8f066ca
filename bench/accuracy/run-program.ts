/** Programs of the system, run to their end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

interface ProgramOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether its output counts although it ends with an error. */
  readonly mayFail?: boolean;
}

/** What the program wrote to its standard output. */
export async function output(
  program: string,
  words: readonly string[],
  { cwd, environment, mayFail = false }: ProgramOptions = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, words, {
      maxBuffer: 512 * 1024 * 1024,
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
    });
    return stdout;
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? error.stdout : undefined;
    if (mayFail && typeof said === 'string') return said;
    throw error;
  }
}

export async function lines(...words: Parameters<typeof output>): Promise<string[]> {
  return (await output(...words)).split('\n').filter((line) => line !== '');
}
