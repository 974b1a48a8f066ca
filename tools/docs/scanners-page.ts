/** docs/scanners.md: what scanners look for, from their capabilities. */
import {
  formatSize,
  type InspectionSettings,
  malwareScanners,
  packageType,
  type ScannerId,
  scannerIds,
  scannerSettingKeys,
} from '@lazaret/protocol';

import type { ScannerCapabilities } from '../../packages/analysis/src/scan/scanner-module.ts';
import { scannerModules } from '../../packages/analysis/src/scan/scanner-modules.ts';
import { fileRules } from '../../packages/analysis/src/scan/secrets/file-rules.ts';
import { secretRules } from '../../packages/analysis/src/scan/secrets/find-secrets.ts';
import {
  feedTexts,
  vulnerabilityGaps,
} from '../../packages/analysis/src/vulnerability/capabilities.ts';
import { advisorySupport } from '../../packages/analysis/src/vulnerability/ecosystem.ts';
import {
  inspectionFlags,
  type ScannerName,
} from '../../packages/cli/src/commands/inspect/flags.ts';
import { list } from './inventory-page.ts';
import { code, formatTable, heading } from './table.ts';

interface ScannerFlags {
  readonly flags: readonly string[];
  /** Flags of which one is required; all unless given. */
  readonly requires?: readonly string[];
}

/** By scanner: the flags of `lazaret inspect` that configure it. */
const flagsByScanner: Readonly<Record<Exclude<ScannerName, 'none'>, ScannerFlags>> = {
  clamav: { flags: ['clamd', 'clamd-database'], requires: ['clamd'] },
  yara: { flags: ['yara-rules'] },
  'hash-set': { flags: ['deny-list', 'allow-list', 'nsrl'] },
  similarity: { flags: ['similarity-list'] },
  secrets: { flags: [] },
  vulnerabilities: { flags: ['vulnerability-db'] },
};
/** By scanner: the keys of the section `inspection`. */
const keysByScanner: Readonly<Record<DescribedId, readonly (keyof InspectionSettings)[]>> = {
  ...scannerSettingKeys,
  vulnerabilities: ['vulnerabilityDatabase'],
};
type DescribedId = ScannerId | 'vulnerabilities';

export function scannersPage(): string {
  const all = scannerIds.map((id) => ({ id, ...scannerModules[id].capabilities }));
  return `${heading('Scanners', 'packages/analysis/src/scan/*/capabilities.ts')}
Scanners look for malware, secrets and vulnerabilities in an [inspection](inspect.md). One runs if its
requirements are met; \`--scanners\` selects some, and selecting one whose requirements are not met is
an error. What readers list as packages is in [what the inventory reads](inventory.md).

${overview(all)}

The findings of \`structure\` need no scanner: whiteouts that tools interpret differently, entries of an
unknown type, data that no tool unpacks, and diffIDs that do not match the content of a layer.

A verdict is *clean* only if a scanner for malware examined everything. Besides files, scanners get
the members of [nested archives](inspect.md#what-is-examined), extended attributes of at least 64
bytes, data between and after the entries of a layer, and the configuration of the image. A file that
a scanner did not fully examine (too large, timed out, encrypted, engine not available) is a gap of the
coverage.

${all.map(describeScanner).join('\n\n')}

${vulnerabilitySection()}

## Rules of the scanner \`secrets\`

The severity is the usual one. It depends on the place and the value: a password in a file that is
known for credentials weighs more, an encrypted key less, and a placeholder is info or no finding.

${secretsTable()}
`;
}

function overview(all: readonly Described[]): string {
  const rows = all.map(({ id, title, maxFileBytes }) => [
    code(id),
    `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`,
    requirementsOf(id),
    malwareScanners.has(id) ? 'yes' : 'no',
    maxFileBytes === undefined ? 'none' : formatSize(maxFileBytes),
  ]);
  const vulnerabilities = [
    code('vulnerabilities'),
    '[Vulnerabilities](#vulnerabilities)',
    requirementsOf('vulnerabilities'),
    malwareScanners.has('vulnerabilities') ? 'yes' : 'no',
    'none',
  ];
  return formatTable([
    ['scanner', 'name', 'requires one of', 'for malware', 'largest file'],
    ...rows,
    vulnerabilities,
  ]);
}

interface Described extends ScannerCapabilities {
  readonly id: ScannerId;
}

function requirementsOf(id: DescribedId): string {
  const { flags, requires = flags } = flagsByScanner[id];
  return requires.map((name) => code(`--${name}`)).join(', ') || 'nothing';
}

function describeScanner(one: Described): string {
  const { id, title, looksFor, finds, files, maxFileBytes, signatures, freshness, gaps } = one;
  const classes = finds === 'any' ? 'any' : finds.map(code).join(', ');
  const size =
    maxFileBytes === undefined ? '' : ` Larger ones than ${formatSize(maxFileBytes)} are a gap.`;
  const rows = [
    ['looks for', looksFor],
    ['finding classes', classes],
    ['files', `${files}${size}`],
    ['signatures', signatures],
    ['freshness', freshness],
    ...settingRows(id),
  ];
  return [`## ${title}`, formatTable([[code(id), ''], ...rows]), ...list('Known gaps:', gaps)].join(
    '\n\n',
  );
}

function settingRows(id: DescribedId): string[][] {
  const options = flagsByScanner[id].flags.map((name) => {
    const flag = inspectionFlags.find((each) => each.name === name);
    if (flag === undefined) throw new Error(`lazaret inspect has no flag --${name}`);
    const value = flag.value === undefined ? '' : ` ${flag.value.toUpperCase()}`;
    return `${code(`--${name}${value}`)}: ${flag.summary}`;
  });
  return [
    ...(options.length === 0 ? [] : [['options', options.join('<br>')]]),
    ['configuration file', keysByScanner[id].map((key) => code(`inspection.${key}`)).join(', ')],
  ];
}

function vulnerabilitySection(): string {
  const rows = advisorySupport.map(({ type, distributions, ecosystems }) => [
    code(type),
    distributions?.map(code).join(', ') ?? 'any',
    ecosystems.join(', '),
  ]);
  const supported = new Set(advisorySupport.map(({ type }) => type));
  const without = packageType.options.filter((type) => !supported.has(type)).map(code);
  const feeds = Object.entries(feedTexts).map(([name, text]) => [code(name), text]);
  return [
    '## Vulnerabilities',
    'Packages are compared with advisories from feeds that you import with ' +
      '`lazaret inspect advisories FEED... --to PATH`. A package is looked up in the advisories of its ' +
      'language or its distribution only, under the name of its source package where the distribution ' +
      'does so.',
    formatTable([
      [code('vulnerabilities'), ''],
      ['finding classes', '`vulnerability`; `known-bad` for an installed malicious package'],
      ...settingRows('vulnerabilities'),
      [
        'freshness',
        'A feed that was imported more than 14 days ago, or whose newest record is more than 90 days old, is a gap.',
      ],
    ]),
    formatTable([['package type', 'distribution', 'advisories (OSV ecosystem)'], ...rows]),
    `Packages of type ${without.join(', ')}, and of other distributions, have no advisories: they are a gap, with their number.`,
    formatTable([['`--format`', 'feed'], ...feeds]),
    ...list('Known gaps:', vulnerabilityGaps),
  ].join('\n\n');
}

function secretsTable(): string {
  const rows = [
    ...secretRules.map(({ id, title, severity, binary }) => {
      return [code(id), title, severity, binary === true ? 'text and binary files' : 'text files'];
    }),
    ...fileRules.map(({ id, title, severity }) => [code(id), title, severity, 'files by name']),
  ];
  return formatTable([['rule', 'finds', 'severity', 'in'], ...rows]);
}
