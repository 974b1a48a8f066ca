/**
 * `lazaret serve`: the roles of this process until a signal ends it; JSON lines on standard error.
 */
import { startServer, type RunningServer } from './compose.ts';
import { createLog } from '../floor/log.ts';
import { consoleFiles, explain, loadFrom, readVersion, waitForSignal } from './program.ts';

async function printSetupLink({ access }: RunningServer): Promise<void> {
  const link = await access.ensureSetupLink();
  if (link === undefined) return;
  process.stdout.write(`Create the first administrator (the link works once): ${link.url}\n`);
}

/** Returns the exit code. */
export async function runServe(argv: readonly string[]): Promise<number> {
  const signal = waitForSignal();
  try {
    const configuration = loadFrom(argv);
    const { logLevel, onStop } = configuration.values;
    const log = createLog({ level: logLevel });
    const server = await startServer({
      configuration,
      log,
      version: readVersion(),
      console: consoleFiles,
      onListening: (url) => log.info({ url }, 'listening'),
    });
    await printSetupLink(server).catch((error: unknown) => {
      // Not the end: the server works without it, and `lazaret admin link` makes one later.
      log.warn({ err: error }, 'no link for the first administrator: run `lazaret admin link`');
    });
    log.info({ signal: await signal }, 'stopping');
    await server.stop({ takeDown: onStop === 'stop' });
    return 0;
  } catch (error) {
    process.stderr.write(`lazaret: ${explain(error)}\n`);
    return 1;
  }
}
