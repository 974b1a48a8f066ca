/** The metadata of an image and its layers in a report. */
import type {
  ImageConfig,
  InspectionReport,
  PlacedFinding,
  ReportLayer,
  SourceDiagnostic,
} from '@lazaret/protocol';

import { parseImageConfig } from '@lazaret/oci';
import type { SourceImage } from '@lazaret/oci';
import { hideConfig } from './hide-config.ts';
import type { LayerOutcome } from '../layers/layer-scheduler.ts';

export interface DescribedImage {
  readonly image: InspectionReport['image'];
  readonly layers: readonly ReportLayer[];
  readonly findings: readonly PlacedFinding[];
  readonly diagnostics: readonly SourceDiagnostic[];
}

export function describeImage(
  image: SourceImage,
  outcomes: readonly LayerOutcome[],
  { hidesSecrets }: { readonly hidesSecrets: boolean },
): DescribedImage {
  const { config, diagnostics } = readConfig(image, hidesSecrets);
  const commands = config?.history.filter(({ emptyLayer }) => emptyLayer !== true) ?? [];
  const layers = image.layers.map((layer, index): ReportLayer => {
    const outcome = outcomes[index];
    const createdBy =
      commands.length === image.layers.length ? commands[index]?.createdBy : undefined;
    return {
      index,
      ...(layer.mediaType !== undefined && { mediaType: layer.mediaType }),
      ...(createdBy !== undefined && { createdBy }),
      ...examined(outcome),
    };
  });
  return {
    image: identity(image, config),
    layers,
    findings: forgedDiffIds(image, outcomes),
    diagnostics,
  };
}

interface ReadConfig {
  readonly config: ImageConfig | undefined;
  readonly diagnostics: readonly SourceDiagnostic[];
}

function readConfig(
  { config: bytes, configDigest }: SourceImage,
  hidesSecrets: boolean,
): ReadConfig {
  if (bytes.length === 0) return { config: undefined, diagnostics: [] };
  const { config, warnings } = parseImageConfig(bytes);
  const about = configDigest === undefined ? {} : { digest: configDigest };
  return {
    config: hidesSecrets ? hideConfig(config, bytes) : config,
    diagnostics: warnings.map((detail) => ({ reason: 'invalid_config', detail, ...about })),
  };
}

function identity(image: SourceImage, config: ImageConfig | undefined): InspectionReport['image'] {
  const { names, indexDigest, manifestDigest, configDigest, mediaType, platform } = image;
  const { artifactType } = image;
  return {
    names: [...names],
    ...(indexDigest !== undefined && { indexDigest }),
    ...(manifestDigest !== undefined && { manifestDigest }),
    ...(configDigest !== undefined && { configDigest }),
    ...(mediaType !== undefined && { mediaType }),
    ...(artifactType !== undefined && { artifactType }),
    ...(platform !== undefined && { platform }),
    ...(config !== undefined && { config }),
  };
}

function examined(outcome: LayerOutcome | undefined): Omit<ReportLayer, 'index'> {
  const record = outcome?.record;
  if (record === undefined) return { files: 0, state: 'missing' };
  const partial = record.gaps.some(({ by }) => by === 'layer');
  const whole = outcome?.cached === true ? 'cached' : 'examined';
  return {
    digest: record.digest,
    ...(record.diffId !== '' && { diffId: record.diffId }),
    compression: record.compression,
    sizeBytes: record.storedBytes,
    tarBytes: record.tarBytes,
    files: record.files.length,
    state: partial ? 'partial' : whole,
  };
}

/**
 * Findings for diffIDs that do not match the content: container engines refuse such an image, and a
 * cache keyed by diffID would return results of another layer.
 */
function forgedDiffIds(
  image: SourceImage,
  outcomes: readonly LayerOutcome[],
): readonly PlacedFinding[] {
  return image.layers.flatMap(({ diffId }, layer): PlacedFinding[] => {
    const found = outcomes[layer]?.record?.diffId;
    if (diffId === undefined || found === undefined || found === '' || found === diffId) return [];
    return [
      {
        scanner: 'structure',
        class: 'structure',
        severity: 'high',
        rule: 'forged-diff-id',
        title: 'The diffID in the configuration does not match the content of the layer',
        signatures: '1',
        evidence: { claimed: diffId, found },
        layer,
      },
    ];
  });
}
