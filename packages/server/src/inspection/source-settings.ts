/** How the source of an image is reached, by the settings of the section `inspection`. */
import type { InspectionSettings } from '@lazaret/protocol';
import type { FileBytes, OpenRequest, RegistryRequest } from '@lazaret/analysis';

import type { BlobStore } from '../blobs/index.ts';
import { openArchiveBytes } from './archive-bytes.ts';
import { readArchiveReference } from './archive-reference.ts';
import { explicitReference, listedHosts, privateHostsSetting } from './check-reference.ts';

export interface SourceSettings {
  readonly settings: InspectionSettings;
  /** Of the local engine. */
  readonly dockerHost: string;
  /** What credential helpers see besides what is configured for them. */
  readonly helperEnvironment: Readonly<Record<string, string>>;
  /** For what must be read twice: a compressed archive, the export of an engine. */
  readonly spoolDirectory: string;
}

/** What the analysis needs to open a source. */
export function describeSource(
  reference: string,
  { settings, dockerHost, helperEnvironment, spoolDirectory }: SourceSettings,
): Omit<OpenRequest, 'pin'> {
  const isArchive = readArchiveReference(reference) !== undefined;
  return {
    reference: isArchive ? reference : explicitReference(reference),
    offline: false,
    registry: describeRegistries(settings.registries, helperEnvironment),
    dockerHost,
    spoolDirectory,
  };
}

/** Opens the archive that a reference stands for; undefined when it stands for none. */
export function archiveOpener(
  reference: string,
  blobs: BlobStore,
): (() => Promise<FileBytes>) | undefined {
  const sha256 = readArchiveReference(reference);
  return sha256 === undefined ? undefined : () => openArchiveBytes(blobs, sha256);
}

function describeRegistries(
  registries: InspectionSettings['registries'],
  variables: SourceSettings['helperEnvironment'],
): RegistryRequest {
  const { public: _, credentialHelpers: helpers, ...settings } = registries;
  return {
    ...settings,
    private: listedHosts(registries),
    helperEnvironment: helpers === undefined ? undefined : { ...variables, ...helpers.environment },
    privateHostsSetting,
    isNamedByCaller: true,
  };
}
