/** The state of the configured scanners, for settings, status and the list of what is missing. */
import { describeScanners } from '@lazaret/analysis';
import {
  inspectionSettingPath,
  listConfiguredScanners,
  malwareScanners,
  scannerSettingKeys,
  type ScannerOverview,
  type InspectionSettings,
} from '@lazaret/protocol';

import { shareAnswer } from '../floor/share-answer.ts';
import type { Clock, MissingPart } from '../floor/slice.ts';
import { inspectionLimits } from './limits.ts';

/** By scanner: the settings that configure it. */
const settingKeys: Readonly<Record<string, readonly (keyof InspectionSettings)[]>> =
  scannerSettingKeys;

/** Opening scanners costs time and memory, so one result is cached for a while. */
export function shareScannerOverview(
  settings: InspectionSettings,
  clock: Clock,
): () => Promise<ScannerOverview> {
  return shareAnswer(() => describe(settings, clock), {
    maxAgeMs: inspectionLimits.scannerStateMs,
    nowMs: clock.monotonicMs,
  });
}

async function describe(settings: InspectionSettings, { now }: Clock): Promise<ScannerOverview> {
  const states = await describeScanners(settings, { now });
  return {
    findsMalware: hasMalwareScanner(settings),
    scanners: states.map(({ problem, signaturesAt, rules, ...state }) => ({
      ...state,
      problem: problem ?? null,
      signaturesAt: signaturesAt ?? null,
      rules: rules ?? null,
      configuration: (settingKeys[state.id] ?? []).map(inspectionSettingPath),
    })),
    checkedAt: new Date(now()).toISOString(),
  };
}

function hasMalwareScanner(settings: InspectionSettings): boolean {
  return listConfiguredScanners(settings).some((id) => malwareScanners.has(id));
}

export interface MissingScannersOptions {
  readonly settings: InspectionSettings;
  readonly overview: () => Promise<ScannerOverview>;
  /** Whether this process inspects: others may not reach the scanners. */
  readonly inspects: boolean;
}

/** Missing malware scanners, and scanners that do not work. */
export async function listMissingScanners(options: MissingScannersOptions): Promise<MissingPart[]> {
  const { settings, overview, inspects } = options;
  const missing: MissingPart[] = [];
  if (!hasMalwareScanner(settings)) {
    missing.push({
      part: 'malware scanner',
      detail: 'None is configured: images are listed and checked, but not scanned for malware.',
      advice: 'Run `lazaret setup scanners`, then restart the server.',
    });
  }
  if (!inspects) return missing;
  const { scanners } = await overview();
  const failing = scanners.filter(({ healthy }) => !healthy);
  return [
    ...missing,
    ...failing.map(({ id, problem, configuration }) => ({
      part: `scanner ${id}`,
      detail: problem ?? 'It is not healthy.',
      advice: `Check ${configuration.join(', ')}; inspections are incomplete until it works.`,
    })),
  ];
}
