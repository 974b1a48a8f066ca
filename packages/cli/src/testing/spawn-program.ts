/** Starts the real program as a process, in a pipe or on a terminal that `script` makes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../bin/lazaret.mjs', import.meta.url));

export interface SpawnOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly home: string;
  readonly directory?: string;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the text has appeared on either stream. */
  shown(text: string): Promise<void>;
}

/** With its streams as pipes. */
export function startProgram(argv: readonly string[], options: SpawnOptions): Started {
  return start(process.execPath, [main, ...argv], options);
}

/** On a terminal: the terminal output is returned as `stdout`. */
export function startOnTerminal(argv: readonly string[], options: SpawnOptions): Started {
  // without exec the shell in between would take part in an interruption
  const line = `exec ${[process.execPath, main, ...argv].map(quote).join(' ')}`;
  return start('script', ['-qefc', line, '/dev/null'], options);
}

/** Any command line of bash, with `lazaret` as a command. */
export function startShell(line: string, options: SpawnOptions): Started {
  const define = `lazaret() { ${quote(process.execPath)} ${quote(main)} "$@"; }`;
  return start('bash', ['-c', `${define}\n${line}`], options);
}

function start(program: string, argv: readonly string[], options: SpawnOptions): Started {
  const { home, variables = {}, stdin, directory = home } = options;
  const child = spawn(program, argv, {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: home, TERM: 'xterm', SHELL: '/bin/sh', ...variables },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // a program may end before it has read everything
  child.stdin.on('error', () => undefined);
  if (stdin !== undefined) child.stdin.end(stdin);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return {
    child,
    finished,
    async shown(text) {
      while (!`${stdout}${stderr}`.includes(text)) {
        const isOver = await Promise.race([
          finished.then(() => true),
          new Promise<false>((resolve) => setTimeout(() => resolve(false), 20)),
        ]);
        if (isOver && !`${stdout}${stderr}`.includes(text)) {
          throw new Error(`ended without showing ${text}: ${stdout}${stderr}`);
        }
      }
    },
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
