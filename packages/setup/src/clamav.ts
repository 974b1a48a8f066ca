/**
 * ClamAV of the distribution: finds a clamd that answers, or installs and starts one.
 *
 * clamd answers OK for a file that it did not scan to the end because of its limits, unless
 * `AlertExceedsMax yes` is set; it is set in the configuration of a clamd that is started here.
 */
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { ensurePackages, hasApt, run } from './apt-packages.mjs';
import type { Log } from './local-engine.ts';

export interface ClamavPaths {
  /** clamd.conf */
  readonly config: string;
  /** Directory of signature databases. */
  readonly database: string;
  /** Sockets to check for a clamd, the first being that of `config`. */
  readonly sockets: readonly string[];
}

/** Paths on Debian and its derivatives; other distributions only differ in the socket. */
export const systemPaths: ClamavPaths = {
  config: '/etc/clamav/clamd.conf',
  database: '/var/lib/clamav',
  sockets: ['/run/clamav/clamd.ctl', '/run/clamd.scan/clamd.sock', '/tmp/clamd.socket'],
};

export interface ClamavState {
  /** Path of the socket where clamd answers; undefined if it does not. */
  readonly socket: string | undefined;
  /** Whether it was started by this call. */
  readonly started: boolean;
  /** Empty, or the problem and what to do. */
  readonly advice: string;
}

export interface EnsureClamavOptions {
  readonly log?: Log;
  readonly paths?: ClamavPaths;
  /** False: only find a running one. */
  readonly install?: boolean;
}

const pingTimeoutMs = 5_000;
/** The official signatures take a minute to load on a slow machine. */
const startTimeoutMs = 300_000;
const pollMs = 500;
const freshclamTimeoutMs = 20 * 60_000;

/** Finds, starts or installs clamd. Never throws: problems are in `advice`. */
export async function ensureClamav(options: EnsureClamavOptions = {}): Promise<ClamavState> {
  const { log = () => {}, paths = systemPaths, install = true } = options;
  try {
    const running = await findClamd(paths.sockets);
    if (running !== undefined) return { socket: running, started: false, advice: '' };
    if (!install) return missing('No clamd answers on this machine.');
    const refusal = await installClamav(log);
    if (refusal !== undefined) return missing(refusal);
    await provideSignatures(paths.database, log);
    alertOnLimits(paths.config);
    log('Starting clamd, which loads its signatures.');
    return { socket: await startClamd(paths), started: true, advice: '' };
  } catch (error) {
    return missing(error instanceof Error ? error.message : String(error));
  }
}

function missing(advice: string): ClamavState {
  return { socket: undefined, started: false, advice };
}

async function findClamd(sockets: readonly string[]): Promise<string | undefined> {
  for (const socket of sockets) if (await answersPing(socket)) return socket;
  return undefined;
}

/** Whether a clamd answers PONG at a unix socket. */
function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    let answer = '';
    const end = (): void => {
      connection.destroy();
      resolve(answer.startsWith('PONG'));
    };
    connection.setTimeout(pingTimeoutMs, end);
    connection.on('connect', () => connection.write('nPING\n'));
    connection.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\n')) end();
    });
    connection.on('error', end);
    connection.on('close', end);
  });
}

/** Returns why it cannot be started. */
async function installClamav(log: Log): Promise<string | undefined> {
  const packages = ['clamav-daemon', 'clamav-freshclam'];
  const isInstalled = ['/usr/sbin/clamd', '/usr/bin/clamd'].some((path) => existsSync(path));
  if (process.getuid?.() !== 0) {
    return isInstalled
      ? 'clamd is installed but does not run. Start it: sudo systemctl start clamav-daemon'
      : `Only root can install ClamAV. Run: sudo apt-get install ${packages.join(' ')}`;
  }
  if (isInstalled) return undefined;
  if (!hasApt()) {
    return 'This system has no apt-get. Install and start clamd, then pass its socket with --clamd.';
  }
  await ensurePackages(packages, { log });
  return undefined;
}

/** Throws when there are no signatures and none can be downloaded. */
async function provideSignatures(directory: string, log: Log): Promise<void> {
  if (hasSignatures(directory)) return;
  log('Downloading signatures with freshclam (some minutes).');
  try {
    await run('freshclam', [`--datadir=${directory}`], { timeoutMs: freshclamTimeoutMs });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    throw new Error(
      `ClamAV has no signatures in ${directory}, and freshclam failed: ${reason}\n` +
        `Run freshclam with network access, or copy main.cvd and daily.cvd there, then ` +
        `run this command again.`,
      { cause: error },
    );
  }
}

function hasSignatures(directory: string): boolean {
  if (!existsSync(directory)) return false;
  return readdirSync(directory).some((name) => /\.(c[lvu]d|h[ds]b|ndb|ldb|yara?)$/.test(name));
}

/** Sets `AlertExceedsMax yes` in a clamd.conf, replacing another value. */
export function alertOnLimits(path: string): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (/^AlertExceedsMax (yes|true|1)\s*$/im.test(text)) return;
  const others = text.replaceAll(/^AlertExceedsMax .*\n?/gim, '');
  const separator = others === '' || others.endsWith('\n') ? '' : '\n';
  writeFileSync(path, `${others}${separator}AlertExceedsMax yes\n`);
}

/**
 * As a systemd service, otherwise in the background; returns the socket. Throws an Error with a
 * message for users.
 */
async function startClamd(paths: ClamavPaths): Promise<string> {
  const [socket = ''] = paths.sockets;
  if (existsSync('/run/systemd/system') && paths === systemPaths) {
    await run('systemctl', ['enable', '--now', 'clamav-freshclam', 'clamav-daemon']);
  } else {
    await provideSocketDirectory(dirname(socket));
    await run('clamd', ['--config-file', paths.config], { timeoutMs: startTimeoutMs });
  }
  for (let waited = 0; waited < startTimeoutMs; waited += pollMs) {
    if (await answersPing(socket)) return socket;
    await pause(pollMs);
  }
  throw new Error(`clamd was started but does not answer at ${socket}; see its log`);
}

/** /run is empty after a start of the system; clamd runs as the user clamav. */
async function provideSocketDirectory(directory: string): Promise<void> {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true });
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number(await run('id', [flag, 'clamav']))),
  );
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
}
