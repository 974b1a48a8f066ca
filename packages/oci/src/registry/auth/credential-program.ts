/** Docker credential helpers: `docker-credential-<name> get` with the server name on stdin. */
import { spawn } from 'node:child_process';

import { z } from 'zod';

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import type { Credential } from './credential.ts';

export interface HelperOptions {
  /** The complete environment of the program, including PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const notFound = 'credentials not found in native keychain';
const answer = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Undefined when the helper has no credentials for the server. Throws SourceError `unauthorized` on
 * failure, without the output of the helper, which may be secret.
 */
export async function runHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credential | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)) {
    throw new SourceError('unauthorized', 'invalid name of a credential helper');
  }
  const program = `docker-credential-${name}`;
  const { code, output } = await run(program, server, options);
  const text = output.toString('utf8');
  if (code !== 0) {
    if (text.trim() === notFound) return undefined;
    throw new SourceError(
      'unauthorized',
      `${program} ${code === null ? 'was killed by a signal' : `exited with code ${code}`}`,
    );
  }
  const parsed = answer.safeParse(parseJson(text));
  if (!parsed.success) throw new SourceError('unauthorized', `${program} returned no credentials`);
  const { Username: username, Secret: secret } = parsed.data;
  if (secret === '') return undefined;
  if (username === '<token>') return { kind: 'identity', token: secret };
  return { kind: 'password', username, password: secret };
}

interface Ended {
  readonly code: number | null;
  readonly output: Buffer;
}

/** Runs without a shell; killed at the time limit and when the output exceeds its limit. */
function run(program: string, input: string, options: HelperOptions): Promise<Ended> {
  const { environment, timeoutMs = ociLimits.credentialHelperMs, signal } = options;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new SourceError('unauthorized', `${program} ${why}`));
    };
    const child = spawn(program, ['get'], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
      shell: false,
      ...(signal === undefined ? {} : { signal }),
    });
    const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    child.stdout.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes > ociLimits.credentialHelperBytes) fail('produced too much output');
      else pieces.push(piece);
    });
    // A helper that exits before it has read its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (signal?.aborted === true) reject(signal.reason as Error);
      fail(`cannot be started: ${error.code ?? error.name}`);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(pieces) });
    });
    child.stdin.end(input);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
