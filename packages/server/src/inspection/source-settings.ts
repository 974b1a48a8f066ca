/** Access to the source of an image, by the settings of the section `inspection`. */
import type { InspectionSettings, RegistrySettings } from '@lazaret/protocol';
import type { FileBytes, OpenRequest, RegistryRequest } from '@lazaret/analysis';

import type { BlobStore } from '../blobs/index.ts';
import { openArchiveBytes } from './archive-bytes.ts';
import { readArchiveReference } from './archive-reference.ts';
import { explicitReference, listedHosts, privateHostsSetting } from './check-reference.ts';

export interface SourceSettings {
  readonly settings: InspectionSettings;
  /** Address of the local engine. */
  readonly dockerHost: string;
  /** Base environment of credential helpers, in addition to the configured one. */
  readonly helperEnvironment: Readonly<Record<string, string>>;
  /** For content that must be read twice: a compressed archive, the export of an engine. */
  readonly spoolDirectory: string;
  readonly findRegistry: RegistryLookup;
}

/**
 * How the watched registry of a reference is reached, by the settings of the project; undefined
 * when the project watches none of this address.
 */
export type RegistryLookup = (
  project: string,
  reference: string,
) => Promise<RegistryRequest | undefined>;

/** The options of the analysis to open a source for a project. */
export async function describeSource(
  { reference, project }: { readonly reference: string; readonly project: string },
  { settings, dockerHost, helperEnvironment, spoolDirectory, findRegistry }: SourceSettings,
): Promise<Omit<OpenRequest, 'pin'>> {
  const isArchive = readArchiveReference(reference) !== undefined;
  const watched = isArchive ? undefined : await findRegistry(project, reference);
  return {
    reference: isArchive ? reference : explicitReference(reference),
    offline: false,
    registry: watched ?? describeRegistries(settings.registries, helperEnvironment),
    dockerHost,
    spoolDirectory,
  };
}

/** Opens the archive of a reference; undefined for other references. */
export function archiveOpener(
  reference: string,
  blobs: BlobStore,
): (() => Promise<FileBytes>) | undefined {
  const sha256 = readArchiveReference(reference);
  return sha256 === undefined ? undefined : () => openArchiveBytes(blobs, sha256);
}

/** How registries are reached that are not watched. */
export function describeRegistries(
  registries: InspectionSettings['registries'],
  variables: SourceSettings['helperEnvironment'],
): RegistryRequest & Omit<RegistrySettings, 'public' | 'credentialHelpers'> {
  const { public: _, credentialHelpers: helpers, ...settings } = registries;
  return {
    ...settings,
    private: listedHosts(registries),
    helperEnvironment: helpers === undefined ? undefined : { ...variables, ...helpers.environment },
    privateHostsSetting,
    isNamedByCaller: true,
  };
}
