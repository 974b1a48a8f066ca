/**
 * `npm test`: installs the requirements of the tests if possible, builds their engines, and runs
 * all of them with real components. A missing component fails the run; nothing is skipped silently.
 * Arguments are passed to vitest. The last line says how many passed and failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  buildBase,
  buildEngines,
  busyboxBase,
  ensureDocker,
  ensurePackages,
  listEngines,
} from '@lazaret/setup';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Debian packages that tests use besides Docker; only missing ones are installed. */
const testPackages = [
  ...[
    'busybox-static',
    'chromium-headless-shell',
    'curl',
    'openssl',
    'perl',
    'bsdutils',
    'util-linux',
    'tar',
  ],
  ...['mmdebstrap', 'rpm', 'pacman-package-manager', 'makepkg', 'python3-packaging'],
  ...['clamav-daemon', 'yara', 'ssdeep', 'tlsh-tools', 'skopeo', 'docker-registry', 'python3'],
  ...['python3-aiosmtpd'],
  ...['unzip', '7zip', 'xz-utils', 'zstd'],
];
const hostileEngine = './test/fixtures/hostile-engine';

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
}

await prepare();
process.exitCode = runTests(process.argv.slice(2));

async function prepare(): Promise<void> {
  const docker = await ensureDocker({ log: say });
  const { socket } = docker;
  if (socket === undefined) fail(`the tests need a Docker engine.\n${docker.advice}`);
  // Tests use a static busybox as an image, script(1) as a terminal, and make their own
  // certificates.
  await ensurePackages(testPackages, { log: say });
  await buildBase({ ...busyboxBase, socket, log: say });
  await buildEngines([...listEngines(), hostileEngine], { socket, log: say });
}

/** Runs vitest and summarizes its report; a missing report is a failure. */
function runTests(words: readonly string[]): number {
  const place = mkdtempSync(join(tmpdir(), 'lazaret-report-'));
  const file = join(place, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const result = spawnSync(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...words],
    { cwd: root, stdio: 'inherit' },
  );
  if (!existsSync(file)) fail('vitest left no report');
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  rmSync(place, { recursive: true, force: true });
  const failed = report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1);
  const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
  process.stdout.write(`\n${report.numPassedTests} passed, ${failed} failed${skipped}\n`);
  return result.status ?? 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(text: string): never {
  say(`lazaret: ${text}`);
  process.exit(1);
}
