/** Java runtimes, from the file `release` at their root (JDK Enhancement Proposal 223). */
import type { FileEntry } from '../../tree/file-tree.ts';
import { packageUrl } from '../purl.ts';
import type { Reader } from '../reader.ts';

const releaseBytes = 1024 * 1024;

export const javaRuntimeReader: Reader = {
  id: 'java-runtime',
  version: 1,
  wants: { names: ['release'] },
  // Many things are called `release`; that of a runtime is short.
  accepts: (file: FileEntry) => file.type === 'file' && file.sizeBytes <= releaseBytes,
  maxBytes: releaseBytes,
  read(file, emit) {
    const fields = new Map<string, string>();
    for (const line of file.bytes.toString('utf8').split(/\r?\n/)) {
      const [, name, value] = /^([A-Z_]{1,40})="?([^"]{0,500})"?\s*$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) fields.set(name, value);
    }
    const version = fields.get('JAVA_VERSION') ?? '';
    if (!/^\d[\w.+-]{0,60}$/.test(version)) return;
    const supplier = fields.get('IMPLEMENTOR');
    const name = fields.has('GRAALVM_VERSION') ? 'graalvm' : 'openjdk';
    emit({
      kind: 'package',
      path: file.path,
      type: 'generic',
      name,
      version,
      purl: packageUrl({ type: 'generic', name, version }),
      foundBy: 'metadata',
      state: 'installed',
      ...(supplier === undefined ? {} : { supplier }),
    });
  },
};
