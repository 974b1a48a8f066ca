/** Limits of the readers of package lists, accounts and programs. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB } = units;

export const inventoryLimits = {
  readerTextBytes: 64 * MiB,
  packagesPerFile: 100_000,
  unknownsPerFile: 100,
  binarySections: 65_536,
  binarySectionNameBytes: 256,
  binaryCandidates: 64,
  buildInfoBytes: 16 * MiB,
  auditDataBytes: 8 * MiB,
  versionPatternHits: 256,
  versionResourceNodes: 10_000,
  javaManifestBytes: 64 * MiB,
  javaManifestHeadBytes: 1 * MiB,
  javaPomBytes: 4 * MiB,
  readerJsonBytes: 32 * MiB,
  readerTomlBytes: 8 * MiB,
  readerJsonDepth: 10_000,
  readerJsonValues: 2_000_000,
  readerListItems: 200_000,
  lockLineBytes: 64 * KiB,
  packageLicenses: 32,
  packageFieldBytes: 256 * KiB,
  packageDependencies: 5_000,
  /** Files that the packages of one list or database own, and the characters of their paths. */
  ownedFiles: 1_000_000,
  ownedPathChars: 128 * MiB,
  rpmHeaderBytes: 64 * MiB,
  rpmHeaderEntries: 65_536,
  packagesPerDatabase: 200_000,
  osReleaseBytes: 5 * MiB,
  accountsFileBytes: 16 * MiB,
  accountsPerFile: 200_000,
  accountLineBytes: 1 * MiB,
  readerLines: 5_000_000,
  /** The start of a text file in which a version is searched. */
  textHeadBytes: 64 * KiB,
  tomlDepth: 64,
} as const;
