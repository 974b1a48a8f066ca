/** Software with its version in a small text file. */

import type { FileEntry } from '../../tree/file-tree.ts';
import { inventoryLimits } from '../limits.ts';
import type { Reader } from '../reader.ts';
import { patternPackage } from './binary-classifiers.ts';

interface TextMark {
  readonly name: string;
  readonly file: string;
  /** The last parts of the folder's path. */
  readonly folder?: string;
  readonly pattern: RegExp;
}

export const textMarks: readonly TextMark[] = [
  {
    name: 'wordpress',
    file: 'version.php',
    folder: 'wp-includes',
    pattern: /^\s{0,8}\$wp_version\s{0,8}=\s{0,8}'(\d[\w.-]{0,30})'/m,
  },
  {
    name: 'drupal',
    file: 'Drupal.php',
    folder: 'core/lib',
    pattern: /^\s{0,8}const VERSION = '(\d[\w.-]{0,30})'/m,
  },
  { name: 'drupal', file: 'bootstrap.inc', pattern: /define\('VERSION', '(\d[\w.-]{0,30})'\)/ },
  { name: 'go', file: 'VERSION', pattern: /^go(1\.\d{1,3}(?:\.\d{1,3})?(?:(?:rc|beta)\d)?)\s/ },
  { name: 'erlang-otp', file: 'OTP_VERSION', pattern: /^(\d{1,3}(?:\.\d{1,4}){0,4})\s*$/ },
  { name: 'rabbitmq', file: 'rabbit.app', pattern: /\{vsn,\s{0,8}"(\d[\w.+-]{0,40})"\}/ },
  {
    name: 'r',
    file: 'DESCRIPTION',
    folder: 'library/base',
    pattern: /^Package: base\s{1,4}Version: (\d[\d.-]{0,20})$/m,
  },
];
const marksOfFile = Map.groupBy(textMarks, ({ file }) => file);
const textBytes = 1024 * 1024;

export const textVersionReader: Reader = {
  id: 'text-version',
  version: 1,
  wants: { names: [...marksOfFile.keys()] },
  accepts: (file) => file.sizeBytes <= textBytes && marksFor(file).length > 0,
  maxBytes: textBytes,
  read(file, emit) {
    const text = file.bytes.toString('latin1', 0, inventoryLimits.textHeadBytes);
    for (const { name, pattern } of marksFor(file)) {
      const match = pattern.exec(text);
      if (match?.[1] === undefined) continue;
      const offset = match.index + match[0].indexOf(match[1]);
      emit(patternPackage(file.path, { name, version: match[1], offset }));
      return;
    }
  },
};

function marksFor({ path }: Pick<FileEntry, 'path'>): readonly TextMark[] {
  const slash = path.lastIndexOf('/');
  const folder = `/${path.slice(0, Math.max(slash, 0))}`;
  const some = marksOfFile.get(path.slice(slash + 1)) ?? [];
  return some.filter((mark) => mark.folder === undefined || folder.endsWith(`/${mark.folder}`));
}
