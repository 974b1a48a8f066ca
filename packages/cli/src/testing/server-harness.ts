/** For tests of commands: a home directory and a scripted server, both removed after each test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach } from 'vitest';

import { runInside, type RunOptions, type RunResult } from './run-program.ts';
import { startScriptedServer, type Handler, type ScriptedServer } from './scripted-server.ts';

export type Handlers = Readonly<Record<string, Handler>>;

export interface ServerHarness {
  /** The home directory of the test. */
  readonly home: string;
  /** The server that was started last. */
  readonly server: ScriptedServer | undefined;
  /** Starts a server; returns the variables with which the program finds it. */
  serve(handlers: Handlers): Promise<Record<string, string>>;
  /** Runs the program in this process with a separate server. */
  run(
    handlers: Handlers,
    argv: readonly string[],
    options?: Omit<RunOptions, 'home'>,
  ): Promise<RunResult>;
}

export function useServerHarness(): ServerHarness {
  let home = '';
  let server: ScriptedServer | undefined;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lazaret-cli-'));
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await rm(home, { recursive: true, force: true });
  });

  async function serve(handlers: Handlers): Promise<Record<string, string>> {
    await server?.stop();
    server = await startScriptedServer(handlers);
    return { LAZARET_SERVER: server.url, LAZARET_TOKEN: 'secret' };
  }

  return {
    get home() {
      return home;
    },
    get server() {
      return server;
    },
    serve,
    async run(handlers, argv, options = {}) {
      const variables = { ...(await serve(handlers)), ...options.variables };
      return runInside(argv, { home, ...options, variables });
    },
  };
}
