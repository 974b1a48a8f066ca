/**
 * Files in which package managers keep their own records. No package lists them, which is normal.
 * Only names that the manager itself uses match: another file in these directories, or a script of
 * a package that is not installed, remains a file without a package.
 */
import type { PackageFact } from '@lazaret/protocol';

/** Records of all packages (dpkg(1), deb-triggers(5)), and those of update-alternatives(1). */
const dpkgFiles: readonly RegExp[] = [
  /^var\/lib\/dpkg\/(?:status|available|diversions|statoverride)(?:-old)?$/,
  /^var\/lib\/dpkg\/(?:arch|cmethopt|lock|lock-frontend|info\/format)$/,
  /^var\/lib\/dpkg\/(?:triggers|alternatives)\/[\w.+-]+$/,
];
const dpkgRecord = /^var\/lib\/dpkg\/info\/([a-z\d][a-z\d.+-]*)(?::[a-z\d-]+)?\.([a-z\d]+)$/;
const dpkgRecordKinds: ReadonlySet<string> = new Set([
  ...['list', 'md5sums', 'conffiles', 'config', 'templates', 'triggers', 'shlibs', 'symbols'],
  ...['preinst', 'postinst', 'prerm', 'postrm'],
]);
const apkFile = /^(?:usr\/)?lib\/apk\/db\/(?:installed|triggers|scripts\.tar(?:\.gz)?|lock)$/;
const rpmFile = /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/([\w.-]+)$/;
const rpmFileNames = [
  /^(?:Packages(?:\.db)?|Index\.db|rpmdb\.sqlite(?:-shm|-wal)?|\.(?:\w+\.)?lock|__db\.\d{3})$/,
  /^(?:Basenames|Dirnames|Name|Group|Sigmd5|Sha1header|Installtid|(?:Trans)?filetriggername)$/i,
  /^(?:Provide|Require|Conflict|Obsolete|Trigger)(?:version|name)$/,
  /^(?:Enhance|Supplement|Suggest|Recommend)(?:version|name)$/,
];
const pacmanRecord = /^var\/lib\/pacman\/local\/(.+)-[^-/]+-[^-/]+\/([a-z]+)$/;
const pacmanRecordKinds: ReadonlySet<string> = new Set([
  ...['desc', 'files', 'mtree', 'install', 'changelog'],
]);

/** Whether a path of the merged view is a record of a manager of these packages. */
export function createDatabaseFiles(
  packages: Iterable<Pick<PackageFact, 'type' | 'name' | 'foundBy'>>,
): (path: string) => boolean {
  const names = new Map<string, Set<string>>();
  for (const { type, name, foundBy } of packages) {
    if (foundBy !== 'database') continue;
    const known = names.get(type) ?? new Set();
    names.set(type, known.add(name));
  }
  const isRecord = (type: string, match: RegExpExecArray | null): boolean =>
    match !== null && names.get(type)?.has(match[1] ?? '') === true;
  const isDpkgs = (path: string): boolean => {
    const match = dpkgRecord.exec(path);
    const isKnown = dpkgRecordKinds.has(match?.[2] ?? '');
    return (isKnown && isRecord('deb', match)) || dpkgFiles.some((each) => each.test(path));
  };
  const isPacmans = (path: string): boolean => {
    const match = pacmanRecord.exec(path);
    return pacmanRecordKinds.has(match?.[2] ?? '') && isRecord('alpm', match);
  };
  const isRpms = (path: string): boolean => {
    const name = rpmFile.exec(path)?.[1] ?? '';
    return rpmFileNames.some((each) => each.test(name));
  };
  const checks = [
    ...(names.has('deb') ? [isDpkgs] : []),
    ...(names.has('apk') ? [(path: string): boolean => apkFile.test(path)] : []),
    ...(names.has('rpm') ? [isRpms] : []),
    ...(names.has('alpm') ? [isPacmans] : []),
  ];
  return (path) => checks.some((check) => check(path));
}
