/** Rust: the list of crates that cargo-auditable embeds in programs, and Cargo's lock files. */
import { inflateSync } from 'node:zlib';
import type { Fact, PackageFact } from '@lazaret/protocol';
import { parse } from 'smol-toml';
import { z } from 'zod';

import { analysisLimits } from '../../limits.ts';
import { binaryMagic, findSection, parseBinary } from '../binary/binary-image.ts';
import { sectionBytes } from '../binary/binary-section.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';

const auditData = z.object({
  packages: z.array(
    z.object({
      name: z.string().min(1),
      version: z.string(),
      /** `build` crates ran while compiling and are not in the program. */
      kind: z.string().optional(),
      dependencies: z.array(z.number()).optional(),
    }),
  ),
});

/** The section `.dep-v0` of cargo-auditable's format: JSON, compressed with zlib. */
export const rustBinaryReader: Reader = {
  id: 'rust-binary',
  version: 1,
  wants: { magic: binaryMagic },
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    const image = parseBinary(file.bytes);
    const section = image === undefined ? undefined : findSection(image, '.dep-v0');
    if (section === undefined) return;
    const text = inflate(sectionBytes(file.bytes, section)).toString('utf8');
    const { packages } = check(auditData, () => JSON.parse(text), 'the list of crates');
    const known = { path: file.path, offset: section.offset, foundBy: 'build-info' } as const;
    for (const one of bounded(packages, file.path, emit)) {
      if (one.kind === 'build') continue;
      const names = (one.dependencies ?? [])
        .slice(0, packages.length)
        .map((at) => packages[at]?.name);
      const dependsOn = names.filter((name) => name !== undefined);
      emit(crate(one, { ...known, state: 'installed', dependsOn }));
    }
  },
};

const lockFile = z.object({
  package: z
    .array(
      z.object({
        name: z.string().min(1),
        version: z.string(),
        dependencies: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

/** A lock file requires crates; it does not prove that they are installed. */
export const cargoLockReader: Reader = {
  id: 'cargo-lock',
  version: 1,
  wants: { names: ['Cargo.lock'] },
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    const text = file.bytes.toString('utf8');
    const lock = check(lockFile, () => parse(text), 'the lock file');
    for (const one of bounded(lock.package ?? [], file.path, emit)) {
      // A dependency is written `name`, or `name version source` when the name is not enough.
      const dependsOn = (one.dependencies ?? []).map((line) => line.split(' ', 1)[0] ?? line);
      emit(crate(one, { path: file.path, foundBy: 'lock-file', state: 'declared', dependsOn }));
    }
  },
};

type CrateFacts = Pick<PackageFact, 'path' | 'foundBy' | 'state'> & {
  readonly offset?: number;
  readonly dependsOn: string[];
};

function crate(
  { name, version }: { readonly name: string; readonly version: string },
  { dependsOn, ...facts }: CrateFacts,
): PackageFact {
  const purl = packageUrl({ type: 'cargo', name, version });
  const fact = { kind: 'package', ...facts, type: 'cargo', name, version, purl } as const;
  return dependsOn.length > 0 ? { ...fact, dependsOn } : fact;
}

function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: inventoryLimits.auditDataBytes });
  } catch (error) {
    const isLarge =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isLarge) {
      throw new ReadError(
        'too_large',
        `the list of crates is above ${inventoryLimits.auditDataBytes} bytes`,
      );
    }
    throw new ReadError('damaged', 'the list of crates cannot be decompressed');
  }
}

function check<T>(schema: z.ZodType<T>, read: () => unknown, what: string): T {
  let value: unknown;
  try {
    value = read();
  } catch {
    throw new ReadError('damaged', `${what} cannot be parsed`);
  }
  const checked = schema.safeParse(value);
  if (!checked.success) throw new ReadError('damaged', `${what} does not match its format`);
  return checked.data;
}

function bounded<T>(list: readonly T[], path: string, emit: (fact: Fact) => void): readonly T[] {
  if (list.length <= inventoryLimits.packagesPerFile) return list;
  const detail = `${list.length} crates, above ${inventoryLimits.packagesPerFile}`;
  emit({ kind: 'diagnostic', path, reader: 'rust', reason: 'too_many', detail });
  return list.slice(0, inventoryLimits.packagesPerFile);
}
