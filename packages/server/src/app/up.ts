/**
 * `lazaret up`, which `npm start` runs: everything on one machine, for a new user who has just
 * cloned the project. Docker is started in parallel; without it the server still runs and reports
 * what is missing. At the first start the sample engines are built and one job is run.
 */
import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { buildEngines, ensureDocker, stopDockerd, type DockerState } from '@lazaret/setup';
import { createClient, isFinal, operations, type Client, type JobDetail } from '@lazaret/protocol';

import { startServer, type RunningServer } from './compose.ts';
import {
  configurationFileOf,
  writeConfigurationFile,
  type Configuration,
} from '../floor/config/index.ts';
import { createLog } from '../floor/log.ts';
import {
  consoleFiles,
  explain,
  installation,
  loadFrom,
  readVersion,
  waitForSignal,
} from './program.ts';

/** Sample engines; the first one runs at the first start. */
const sampleEngines = ['apktool', 'strings'] as const;
const samplePath = join(installation, 'engines', 'apktool', 'sample.apk');
const sampleWaitMs = 180_000;

/** Returns the exit code. */
export async function runUp(argv: readonly string[]): Promise<number> {
  const signal = waitForSignal();
  try {
    // In a terminal, Ctrl-C is expected to leave nothing running.
    const configuration = loadFrom(['--on-stop', 'stop', ...argv]);
    const { values } = configuration;
    const version = readVersion();
    const written = configuration.file === undefined && writeConfigurationFile(values.data);
    say(`Lazaret ${version}, data in ${values.data}`);
    if (written) say(`Configuration: ${configurationFileOf(values.data)}`);
    const docker = prepareDocker(join(values.data, 'docker'), values.nodes.length > 0);
    const server = await startServer({
      configuration,
      log: createLog({ level: values.logLevel, file: join(values.data, 'logs', 'lazaret.log') }),
      version,
      console: consoleFiles,
    });
    greet(server, values);
    const ended = new AbortController();
    const sayNoLink = (error: unknown): void => {
      if (!ended.signal.aborted) say(`No sign-in link: ${explain(error)}`);
    };
    await showSignIn(server).catch(sayNoLink);
    const sample = showSample(server, { docker, signal: ended.signal })
      .catch((error: unknown) => {
        if (!ended.signal.aborted) say(`The sample job was not run: ${explain(error)}`);
      })
      // Printed again, so that it is the last output.
      .then((hasPrinted) => (hasPrinted === false ? undefined : showSignIn(server)))
      .catch(sayNoLink);
    await signal;
    say('\nStopping ...');
    ended.abort();
    await server.stop({ takeDown: values.onStop === 'stop' });
    await sample;
    await docker;
    if (await stopDockerd(join(values.data, 'docker'))) {
      say('Stopped the Docker engine that was started here.');
    }
    return 0;
  } catch (error) {
    process.stderr.write(`lazaret: ${explain(error)}\n`);
    return 1;
  }
}

function greet(server: RunningServer, { listen, inspection }: Configuration): void {
  const port = server.url?.split(':').at(-1);
  if (!listen.endsWith(`:${port}`) && !listen.endsWith(':0'))
    say(`${listen} is in use; listening on the next free port.`);
  say(`Ready: ${server.url}/console/`);
  if (inspection.clamd === undefined && inspection.yaraRules.length === 0) {
    say('No malware scanner is configured. To set one up: bin/lazaret setup scanners');
  }
}

/** Sign-in instructions for the first or a later start. */
async function showSignIn(server: RunningServer): Promise<void> {
  const link = await server.access.ensureSetupLink();
  if (link === undefined) {
    say(`\nSign in: ${server.url}/console/   (a new link: bin/lazaret admin link)`);
    return;
  }
  const until = formatMoment(link.expiresAt);
  say(`\nCreate the first administrator (sign-in link, works once, until ${until}):`);
  say(`  ${link.url}`);
}

/** In the time zone of the reader, as the program shows moments: `2026-11-21 03:42:50`. */
function formatMoment(at: string): string {
  return new Date(at).toLocaleString('sv-SE');
}

/** The local engine, or `elsewhere` when the configuration names nodes. */
type LocalDocker = DockerState | { readonly state: 'elsewhere' };

async function prepareDocker(dataDirectory: string, elsewhere: boolean): Promise<LocalDocker> {
  return elsewhere ? { state: 'elsewhere' } : ensureDocker({ log: say, dataDirectory });
}

/**
 * Builds missing sample engines and runs one job at the first start. Returns whether it printed
 * anything.
 */
async function showSample(
  server: RunningServer,
  parts: { readonly docker: Promise<LocalDocker>; readonly signal: AbortSignal },
): Promise<boolean> {
  const docker = await parts.docker;
  if (docker.state === 'elsewhere') return false;
  const { socket } = docker;
  if (socket === undefined) {
    say(`No container engine, so no jobs can run yet; everything else works.\n${docker.advice}`);
    return true;
  }
  const client = await localClient(server);
  await buildSampleEngines(server.dataDirectory, socket);
  const { total } = await client.call(operations.jobs.count, {});
  if (total > 0 || parts.signal.aborted) return false;
  await waitForEngine(client, sampleEngines[0], parts.signal);
  say(`Running the first job: ${sampleEngines[0]} over a sample application ...`);
  const job = await runSample(client, parts.signal);
  const result = job.artifacts.find((one) => one.primary);
  const said = result === undefined ? '' : `, ${result.path} of ${result.sizeBytes} bytes`;
  say(`Job ${job.id}: ${job.state}${said}`);
  if (job.state !== 'succeeded') say(`  ${job.outcome?.detail ?? ''}`);
  say(`  ${server.url}/console/jobs/${job.id}`);
  say(`\nNext, in another terminal:  bin/lazaret submit strings /bin/ls --wait`);
  return true;
}

async function buildSampleEngines(dataDirectory: string, socket: string): Promise<void> {
  const watched = join(dataDirectory, 'engines');
  await mkdir(watched, { recursive: true });
  for (const name of sampleEngines) {
    await buildEngines([name], { socket, log: say });
    const manifest = join(watched, `${name}.yaml`);
    // An existing manifest may have been changed by its owner.
    if (await exists(manifest)) continue;
    await copyFile(join(installation, 'engines', name, 'manifest.yaml'), manifest);
  }
}

async function localClient(server: RunningServer): Promise<Client> {
  const text = await readFile(join(server.dataDirectory, 'local-token'), 'utf8');
  const { url, token } = JSON.parse(text) as { url: string; token: string };
  return createClient({ baseUrl: url, token });
}

/** The directory is polled every few seconds, and images are pinned after that. */
async function waitForEngine(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(sampleWaitMs)]);
  for (;;) {
    const { items } = await client.call(operations.engines.list, {}, { signal: deadline });
    if (items.some((engine) => engine.name === name && engine.image !== null)) return;
    await pause(200, undefined, { signal: deadline });
  }
}

async function runSample(client: Client, signal: AbortSignal): Promise<JobDetail> {
  const artifact = await client.call(operations.artifacts.upload, {
    query: { name: 'sample.apk' },
    body: await readFile(samplePath),
  });
  const submitted = await client.call(operations.jobs.submit, {
    body: { engine: sampleEngines[0], inputs: [{ sha256: artifact.sha256, name: 'sample.apk' }] },
  });
  for (let job = submitted; ;) {
    if (isFinal(job.state)) return job;
    job = await client.call(
      operations.jobs.show,
      { params: { id: job.id }, query: { waitSeconds: 30 } },
      { signal },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
