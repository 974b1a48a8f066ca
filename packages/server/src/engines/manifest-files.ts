/**
 * Manifest files of a directory: `*.yaml`, `*.yml` and `*.json` in it, and `manifest.yaml` in its
 * direct subdirectories. Hidden files are ignored, such as those of editors and mounts. A link is
 * followed only when its target is inside the directory.
 */
import { constants, watch } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { limits, Problem } from '@lazaret/protocol';

export interface ManifestFile {
  /** Relative to the directory. */
  readonly file: string;
  /** Changes with the content: device, inode, size and times. */
  readonly print: string;
}

/** The files, by name. More than the limit is an error, so that none is silently ignored. */
export async function listManifestFiles(directory: string): Promise<ManifestFile[]> {
  const root = await realpath(directory);
  const names: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    if (/\.(ya?ml|json)$/i.test(entry.name)) names.push(entry.name);
    else if (!entry.isFile()) names.push(join(entry.name, 'manifest.yaml'));
    if (names.length > limits.engines) {
      throw new Error(`expected at most ${limits.engines} manifests in ${directory}`);
    }
  }
  const files: ManifestFile[] = [];
  for (const file of names.toSorted()) {
    const print = await fingerprint(root, file);
    if (print !== undefined) files.push({ file, print });
  }
  return files;
}

/** Undefined when the file does not exist or is outside of the directory. */
export async function fingerprint(root: string, file: string): Promise<string | undefined> {
  try {
    const inside = await realpath(root);
    const real = await realpath(join(inside, file));
    const path = relative(inside, real);
    if (path === '..' || path.startsWith(`..${sep}`)) return undefined;
    const found = await stat(real, { bigint: true });
    if (!found.isFile()) return undefined;
    return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    // Reading it will fail in the same way, as an error of that file only.
    return `error:${(error as NodeJS.ErrnoException).code}`;
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** The text of a file. Throws `invalid_manifest` for one that is too large or not UTF-8. */
export async function readManifestFile(directory: string, file: string): Promise<string> {
  // Without blocking: a pipe that replaced the file may have no writer.
  const handle = await open(join(directory, file), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(limits.manifestBytes + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    if (bytesRead > limits.manifestBytes) {
      throw new Problem('invalid_manifest', `expected at most ${limits.manifestBytes} bytes`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytesRead));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new Problem('invalid_manifest', 'expected text in UTF-8');
  } finally {
    await handle.close();
  }
}

/**
 * Calls back when something in the directory may have changed. Not reliable: network file
 * systems and subdirectories do not send notifications, so the caller polls as well.
 */
export function hintChanges(directory: string, signal: AbortSignal, onHint: () => void): void {
  try {
    watch(directory, { persistent: false, signal }, onHint).on('error', () => undefined);
  } catch {
    // No directory yet, or no watches left; polling finds changes.
  }
}
