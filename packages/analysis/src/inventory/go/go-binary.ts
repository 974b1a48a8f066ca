/** Go programs: their modules and the standard library, from the build information inside them. */
import type { Fact, PackageFact, DiagnosticFact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import { binaryMagic, findSection, parseBinary } from '../binary/binary-image.ts';
import { sectionBytes } from '../binary/binary-section.ts';
import type { BinaryImage } from '../binary/binary-section.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { findGoBuildInfo, isGo } from './go-build-info.ts';
import type { GoBuildInfo, GoModule } from './go-build-info.ts';
import { findLinkedVersion } from './go-linked-version.ts';
import type { LinkedVersion } from './go-linked-version.ts';

/** The execute bit is not required: programs are copied without it. */
export const goBinaryReader: Reader = {
  id: 'go-binary',
  version: 2,
  wants: { magic: binaryMagic },
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    const image = parseBinary(file.bytes);
    if (image === undefined) return;
    const info = findGoBuildInfo(file.bytes, image);
    if (info === undefined) readWithoutInfo(file, image, emit);
    else emitInfo(file, { info, image }, emit);
  },
};

function emitInfo(
  { path, bytes }: WholeFile,
  { info, image }: { readonly info: GoBuildInfo; readonly image: BinaryImage },
  emit: (fact: Fact) => void,
): void {
  const { offset } = info;
  const known = { path, offset, foundBy: 'build-info' } as const;
  emit(modulePackage({ path: 'stdlib', version: plainGoVersion(info.goVersion) }, known));
  const dependsOn = info.modules
    .slice(0, inventoryLimits.packageDependencies)
    .map(({ path }) => path);
  const main = mainPackage(info, known, () => findLinkedVersion(bytes, image));
  if (main !== undefined) emit(dependsOn.length > 0 ? { ...main, dependsOn } : main);
  for (const module of info.modules) emit(modulePackage(module, known));
  if (info.warnings > 0) {
    emit(missing(path, `${info.warnings} lines of the build information could not be parsed`));
  } else if (info.main === undefined && info.modules.length === 0) {
    const detail = 'the program was built without a list of modules';
    emit({ ...missing(path, detail), reason: 'not_recorded' });
  }
}

type Known = Pick<PackageFact, 'path' | 'foundBy'> & { readonly offset?: number };

function modulePackage({ path, version }: GoModule, known: Known): PackageFact {
  const slash = path.lastIndexOf('/');
  return {
    kind: 'package',
    ...known,
    type: 'golang',
    name: path,
    version,
    purl: packageUrl({
      type: 'golang',
      namespace: slash < 0 ? undefined : path.slice(0, slash),
      name: path.slice(slash + 1),
      version: version === '' ? undefined : version,
    }),
    state: 'installed',
  };
}

/** `go1.22.1 X:boringcrypto` is version 1.22.1 of the standard library. */
function plainGoVersion(text: string): string {
  const [first = ''] = text.split(' ', 1);
  return first === 'devel' ? text : first.replace(/^go/, '');
}

const variable = /(?:^|[\s'"])-X[\s=]+['"]?([\w./%-]{1,300})=([^\s'"]{1,200})/g;
const versionName = /(?:^|[./])(?:\w*[vV]ersion|gitVersion|buildVersion|Tag|GitTag)$/;
const versionText = /^v?\d{1,6}(?:\.\d{1,6}){1,3}(?:[-+][\w.+~-]{1,80})?$/;

/** Without modules the path of the main package is known, and is used when its version is too. */
function mainPackage(
  info: GoBuildInfo,
  known: Known,
  search: () => LinkedVersion | undefined,
): PackageFact | undefined {
  const hasModule = info.main !== undefined && info.main.path !== '';
  // Programs are in `cmd` below the root of their module, if it exists.
  const path = info.main?.path || info.mainPath.replace(/\/cmd\/.*$/, '');
  if (!hasModule && !info.mainPath.includes('.')) return undefined;
  const version = mainVersion(info);
  if (version !== '') return modulePackage({ path, version }, known);
  const found = search();
  if (found !== undefined) {
    const place = { ...known, foundBy: 'pattern', offset: found.offset } as const;
    return modulePackage({ path, version: withLetter(found.version) }, place);
  }
  return hasModule ? modulePackage({ path, version: '' }, known) : undefined;
}

/**
 * A main module that was built from its own source has the version `(devel)`. Then the version that
 * the linker was set to write is used, in `main` first; then the commit, as Go itself writes it.
 */
function mainVersion(info: GoBuildInfo): string {
  const version = info.main?.version ?? '';
  if (version !== '' && version !== '(devel)') return version;
  const linked = linkedVersion(
    info.settings.get('-ldflags') ?? '',
    info.main?.path ?? info.mainPath,
  );
  return linked ?? commitVersion(info.settings) ?? '';
}

function linkedVersion(flags: string, mainPath: string): string | undefined {
  let best: { rank: number; value: string } | undefined;
  for (const [, name = '', value = ''] of flags.slice(0, 65_536).matchAll(variable)) {
    if (!versionName.test(name) || !versionText.test(value)) continue;
    const own = name.startsWith(`${mainPath}/`) ? 2 : 1;
    const rank = name.startsWith('main.') ? 3 : own;
    if (best === undefined || rank > best.rank) best = { rank, value };
  }
  if (best === undefined) return undefined;
  return withLetter(best.value);
}

/** Versions of modules begin with a letter. */
function withLetter(version: string): string {
  return version.startsWith('v') ? version : `v${version}`;
}

function commitVersion(settings: ReadonlyMap<string, string>): string | undefined {
  const revision = settings.get('vcs.revision') ?? '';
  const time = (settings.get('vcs.time') ?? '').replaceAll(/[^0-9]/g, '');
  if (!/^[0-9a-f]{12,64}$/.test(revision) || time.length !== 14) return undefined;
  return `v0.0.0-${time}-${revision.slice(0, 12)}`;
}

/**
 * Without build information, the table of functions still identifies Go, and the Go version is
 * somewhere in the data; it is used when there is only one.
 */
function readWithoutInfo(file: WholeFile, image: BinaryImage, emit: (fact: Fact) => void): void {
  const table = findSection(image, '.gopclntab') ?? findSection(image, '__gopclntab');
  const hasTable =
    table === undefined
      ? findTable(file.bytes, image) !== undefined
      : isTable(sectionBytes(file.bytes, table), image);
  if (!hasTable && !isGo(image)) return;
  const found = soleGoVersion(file.bytes);
  if (found !== undefined) {
    const known = { path: file.path, offset: found.offset, foundBy: 'pattern' } as const;
    emit(modulePackage({ path: 'stdlib', version: found.version }, known));
  }
  emit(missing(file.path, 'a Go program without build information: its modules are not known'));
}

/** Of Go 1.2, 1.16, 1.18 and 1.20 (internal/abi, `PCLnTabMagic`). */
const tableMagics = [0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1];

function isTable(bytes: Buffer, { isBigEndian }: Pick<BinaryImage, 'isBigEndian'>): boolean {
  if (bytes.length < 8) return false;
  const first = isBigEndian ? bytes.readUInt32BE(0) : bytes.readUInt32LE(0);
  const [, , , , padding0, padding1, quantum = 0, pointerBytes] = bytes.subarray(0, 8);
  if (!tableMagics.includes(first) || padding0 !== 0 || padding1 !== 0) return false;
  return [1, 2, 4].includes(quantum) && (pointerBytes === 4 || pointerBytes === 8);
}

/** Searches a program without a table of sections. */
function findTable(bytes: Buffer, image: BinaryImage): number | undefined {
  if (image.sections.length > 0 && image.format !== 'pe') return undefined;
  for (const magic of tableMagics) {
    const wanted = Buffer.alloc(6);
    if (image.isBigEndian) wanted.writeUInt32BE(magic);
    else wanted.writeUInt32LE(magic);
    let at = bytes.indexOf(wanted);
    for (let tried = 0; at >= 0 && tried < inventoryLimits.binaryCandidates; tried += 1) {
      if (at % 8 === 0 && isTable(bytes.subarray(at), image)) return at;
      at = bytes.indexOf(wanted, at + 1);
    }
  }
  return undefined;
}

function soleGoVersion(bytes: Buffer): { version: string; offset: number } | undefined {
  let sole: { version: string; offset: number } | undefined;
  let at = bytes.indexOf('go1.');
  for (let tried = 0; at >= 0 && tried < inventoryLimits.versionPatternHits; tried += 1) {
    const text = bytes.toString('latin1', at, at + 24);
    const version = /^go(1\.\d{1,2}(?:\.\d{1,2})?(?:(?:rc|beta)\d{1,2})?)/.exec(text)?.[1];
    if (version !== undefined) {
      if (sole !== undefined && sole.version !== version) return undefined;
      sole ??= { version, offset: at };
    }
    at = bytes.indexOf('go1.', at + 4);
  }
  return sole;
}

function missing(path: string, detail: string): DiagnosticFact {
  return { kind: 'diagnostic', path, reader: 'go-binary', reason: 'missing_part', detail };
}
