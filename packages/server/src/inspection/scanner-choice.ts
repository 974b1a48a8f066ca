import type { ScannerChoice } from '@lazaret/analysis';

import type { InspectionOption } from '../floor/config/index.ts';

/** The scanners that the configuration asks for. */
export function scannerChoiceOf(settings: InspectionOption): ScannerChoice {
  const { clamd, clamdDatabase, yaraRules, denyLists, allowLists } = settings;
  const { softwareReference, similarityLists } = settings;
  const lists = [
    ...denyLists.map((path) => ({ path, kind: 'deny' as const })),
    ...allowLists.map((path) => ({ path, kind: 'allow' as const })),
  ];
  const rds = softwareReference === undefined ? [] : [softwareReference];
  return {
    ...(clamd !== undefined && {
      clamav: {
        address: clamd,
        ...(clamdDatabase !== undefined && { databaseDirectory: clamdDatabase }),
      },
    }),
    ...(yaraRules.length > 0 && { yara: { rules: yaraRules } }),
    ...(lists.length + rds.length > 0 && { hashSets: { lists, rds } }),
    ...(similarityLists.length > 0 && { similarity: { lists: similarityLists } }),
    ...(settings.secrets && { secrets: true }),
  };
}
