/** What lies between two reports: packages, files, findings and configuration. */
import type {
  FileDifference,
  InspectionReport,
  PackageDifference,
  PlacedFile,
  PlacedFinding,
  PlacedPackage,
  ReportDifference,
} from '@lazaret/protocol';

import { compareConfigs } from './compare-configs.ts';
import { isVisible } from './components.ts';
import { platformText, subjectName } from './report-identity.ts';

/** Linear in both, but for sorting. What a later layer hides counts for findings only. */
export function compareReports(
  before: InspectionReport,
  after: InspectionReport,
): ReportDifference {
  return {
    before: describeSide(before),
    after: describeSide(after),
    layers: compareLayers(before, after),
    packages: comparePackages(before.packages, after.packages),
    ...(before.files === undefined || after.files === undefined
      ? {}
      : { files: compareFiles(before.files, after.files) }),
    findings: compareFindings(before.findings, after.findings),
    config: compareConfigs(before, after),
    caveats: [...caveatsOf(before, 'first'), ...caveatsOf(after, 'second')],
  };
}

function describeSide(report: InspectionReport): ReportDifference['before'] {
  const platform = platformText(report);
  const name = [subjectName(report), ...(platform === undefined ? [] : [platform])].join(' ');
  return { name, fingerprint: report.fingerprint, verdict: report.verdict };
}

function compareLayers(
  before: InspectionReport,
  after: InspectionReport,
): ReportDifference['layers'] {
  const first = before.layers.flatMap(({ diffId }) => diffId ?? []);
  const second = new Set(after.layers.flatMap(({ diffId }) => diffId ?? []));
  const common = new Set(first.filter((diffId) => second.has(diffId))).size;
  return {
    common,
    removed: Math.max(0, before.layers.length - common),
    added: Math.max(0, after.layers.length - common),
  };
}

function comparePackages(
  before: readonly PlacedPackage[],
  after: readonly PlacedPackage[],
): ReportDifference['packages'] {
  const first = versionsByName(before);
  const second = versionsByName(after);
  const added: PackageDifference[] = [];
  const removed: PackageDifference[] = [];
  const changed: PackageDifference[] = [];
  for (const key of [...new Set([...first.keys(), ...second.keys()])].toSorted()) {
    const old = first.get(key);
    const now = second.get(key);
    const of = old ?? now;
    if (of === undefined) continue;
    const difference = {
      type: of.type,
      name: of.name,
      before: [...(old?.versions ?? [])].filter((one) => now?.versions.has(one) !== true),
      after: [...(now?.versions ?? [])].filter((one) => old?.versions.has(one) !== true),
    };
    if (old === undefined) added.push(difference);
    else if (now === undefined) removed.push(difference);
    else if (difference.before.length + difference.after.length > 0) changed.push(difference);
  }
  return { added, removed, changed };
}

interface NamedVersions {
  readonly type: PlacedPackage['type'];
  readonly name: string;
  readonly versions: Set<string>;
}

/** Several versions of a name may lie side by side, as in `node_modules`. */
function versionsByName(packages: readonly PlacedPackage[]): ReadonlyMap<string, NamedVersions> {
  const names = new Map<string, NamedVersions>();
  for (const one of packages) {
    if (!isVisible(one)) continue;
    const { type, name, version, architecture } = one;
    const key = [type, name, architecture ?? ''].join('\0');
    const known = names.get(key);
    if (known === undefined) names.set(key, { type, name, versions: new Set([version]) });
    else known.versions.add(version);
  }
  return names;
}

function compareFiles(
  before: readonly PlacedFile[],
  after: readonly PlacedFile[],
): NonNullable<ReportDifference['files']> {
  const first = visibleByPath(before);
  const second = visibleByPath(after);
  const added: FileDifference[] = [];
  const changed: FileDifference[] = [];
  for (const [path, file] of second) {
    const old = first.get(path);
    if (old === undefined) {
      added.push({ path });
      continue;
    }
    const fields = changedFields(old, file);
    if (fields.length > 0) changed.push({ path, fields });
  }
  const removed = [...first.keys()].filter((path) => !second.has(path)).map((path) => ({ path }));
  return { added: byPath(added), removed: byPath(removed), changed: byPath(changed) };
}

function visibleByPath(files: readonly PlacedFile[]): ReadonlyMap<string, PlacedFile> {
  return new Map(
    files.filter(({ hiddenBy }) => hiddenBy === undefined).map((file) => [file.path, file]),
  );
}

/** Times are left out: builds set them anew without changing anything. */
function changedFields(before: PlacedFile, after: PlacedFile): string[] {
  const sameContent =
    before.sha256 === undefined || after.sha256 === undefined
      ? before.sizeBytes === after.sizeBytes
      : before.sha256 === after.sha256;
  return [
    ...(before.type === after.type ? [] : ['type']),
    ...(sameContent ? [] : ['content']),
    ...(before.mode === after.mode ? [] : ['mode']),
    ...(before.uid === after.uid && before.gid === after.gid ? [] : ['owner']),
    ...(before.linkPath === after.linkPath ? [] : ['link']),
    ...(before.capabilities === after.capabilities ? [] : ['capabilities']),
  ];
}

function byPath(list: readonly FileDifference[]): FileDifference[] {
  return list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function compareFindings(
  before: readonly PlacedFinding[],
  after: readonly PlacedFinding[],
): ReportDifference['findings'] {
  const first = new Set(before.map(findingKey));
  const second = new Set(after.map(findingKey));
  return {
    new: after.filter((finding) => !first.has(findingKey(finding))),
    gone: before.filter((finding) => !second.has(findingKey(finding))),
  };
}

/** A finding in another layer, or by newer signatures, is still the same. */
function findingKey({ scanner, rule, path, sha256, purl, line }: PlacedFinding): string {
  return JSON.stringify([scanner, rule, path, path === undefined ? sha256 : '', purl, line]);
}

function caveatsOf({ coverage }: InspectionReport, which: string): readonly string[] {
  if (coverage.complete) return [];
  const gaps = coverage.gapCount === 1 ? '1 gap' : `${coverage.gapCount} gaps`;
  return [`the coverage of the ${which} is partial (${gaps}): what is missing may still be there`];
}
