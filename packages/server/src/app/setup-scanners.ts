/**
 * `lazaret setup scanners`: ClamAV of the distribution, YARA rules and hash lists. Each scanner is
 * tested first, in the same state as for an inspection; only working ones are written to the
 * configuration file.
 */
import { resolve } from 'node:path';

import { describeScanners, type ScannerState } from '@lazaret/analysis';
import { Problem, scannerSettingKeys, type InspectionSettings } from '@lazaret/protocol';
import { ensureClamav } from '@lazaret/setup';

import { changeConfigurationFile, configurationFileOf } from '../floor/config/index.ts';
import { loadFrom } from './program.ts';

export interface SetupScannersRequest {
  /** `--data` and `--config`, as for the server. */
  readonly argv: readonly string[];
  /** Address of a clamd; absent: a local one is detected. */
  readonly clamd: string | undefined;
  /** False: ClamAV is not changed. */
  readonly clamav: boolean;
  /** Called when no local clamd answers: whether to install and start one. */
  readonly mayInstall: () => Promise<boolean>;
  /** Added to the configured ones. */
  readonly yaraRules: readonly string[];
  readonly denyLists: readonly string[];
  readonly allowLists: readonly string[];
  /** Progress of slow steps. */
  readonly log: (line: string) => void;
}

export interface SetupScannersResult {
  /** The scanners after the change. */
  readonly scanners: readonly ScannerState[];
  /** The file that was changed; absent: nothing changed. */
  readonly file?: string;
  /** Problems, and what to do. */
  readonly advice: readonly string[];
}

/** Throws Problem `invalid_configuration` when a requested scanner does not work. */
export async function setupScanners(request: SetupScannersRequest): Promise<SetupScannersResult> {
  const { values, file: found } = loadFrom(request.argv);
  const before = values.inspection;
  const advice: string[] = [];
  const clamd = request.clamd ?? before.clamd ?? (await findClamd(request, advice));
  const wanted: InspectionSettings = {
    ...before,
    ...(clamd === undefined ? {} : { clamd }),
    yaraRules: added(before.yaraRules, request.yaraRules),
    denyLists: added(before.denyLists, request.denyLists),
    allowLists: added(before.allowLists, request.allowLists),
  };
  const scanners = await describeScanners(wanted, { now: Date.now });
  refuseFailing(scanners, changedScanners(before, wanted));
  const changes = changesOf(before, wanted);
  if (Object.keys(changes).length === 0) return { scanners, advice };
  const file = found ?? configurationFileOf(values.data);
  changeConfigurationFile(file, 'inspection', changes);
  return { scanners, file, advice };
}

async function findClamd(
  { clamav, mayInstall, log }: SetupScannersRequest,
  advice: string[],
): Promise<string | undefined> {
  if (!clamav) return undefined;
  const running = await ensureClamav({ log, install: false });
  if (running.socket !== undefined) return running.socket;
  if (!(await mayInstall())) {
    advice.push('ClamAV was not set up: no clamd answers on this machine.');
    return undefined;
  }
  const installed = await ensureClamav({ log });
  if (installed.socket === undefined) advice.push(installed.advice);
  return installed.socket;
}

/** Absolute, so that the file does not depend on the working directory of the server. */
function added(before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more.map((path) => resolve(path))])];
}

/**
 * Scanners whose settings differ: one that failed before does not prevent the set-up of another.
 */
function changedScanners(before: InspectionSettings, wanted: InspectionSettings): Set<string> {
  const changed = Object.keys(changesOf(before, wanted));
  return new Set(
    Object.entries(scannerSettingKeys)
      .filter(([, keys]) => keys.some((key) => changed.includes(key)))
      .map(([id]) => id),
  );
}

function changesOf(
  before: InspectionSettings,
  wanted: InspectionSettings,
): Partial<Record<keyof InspectionSettings, unknown>> {
  const keys = Object.values(scannerSettingKeys).flat();
  const differing = keys.filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(wanted[key]),
  );
  return Object.fromEntries(differing.map((key) => [key, wanted[key]]));
}

function refuseFailing(scanners: readonly ScannerState[], changed: ReadonlySet<string>): void {
  const failing = scanners.filter(({ id, healthy }) => !healthy && changed.has(id));
  const [first] = failing;
  if (first === undefined) return;
  const fields = failing.map(({ id, problem = 'not healthy' }) => ({ path: id, message: problem }));
  throw new Problem('invalid_configuration', `${first.id}: ${first.problem ?? 'not healthy'}`, {
    fields,
  });
}
