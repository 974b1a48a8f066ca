/** The images of a workload in an AdmissionReview of Kubernetes. Pure; everything is untrusted. */
import { isRecord } from '@lazaret/oci';

import { gateLimits } from '../limits.ts';

export interface WorkloadImage {
  /** `spec.containers[0] "web"` */
  readonly place: string;
  /** As the workload names it. */
  readonly image: string;
}

/** Where a kind has the specification of its pods. */
const podPaths: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', ['spec']],
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'].map(
    (kind): [string, readonly string[]] => [kind, ['spec', 'template', 'spec']],
  ),
  ['PodTemplate', ['template', 'spec']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
]);

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** A workload that cannot be reviewed, with the reason. */
export class InvalidWorkload extends Error {}

/** Of all containers, by place. Throws InvalidWorkload for unknown kinds and malformed objects. */
export function listWorkloadImages(object: unknown): WorkloadImage[] {
  const kind = isRecord(object) && typeof object['kind'] === 'string' ? object['kind'] : '';
  const path = podPaths.get(kind);
  if (path === undefined) {
    const known = [...podPaths.keys()].join(', ');
    throw new InvalidWorkload(`objects of the kind "${kind}" have no pods (expected ${known})`);
  }
  let spec: unknown = object;
  for (const name of path) spec = isRecord(spec) ? spec[name] : undefined;
  // A replication controller may have no template.
  if (!isRecord(spec) && kind === 'ReplicationController') return [];
  if (!isRecord(spec)) throw new InvalidWorkload(`the ${kind} has no ${path.join('.')}`);
  const found = lists.flatMap((list) => listImages(spec, { list, path: path.join('.') }));
  const volumes = listVolumes(spec, path.join('.'));
  if (found.length + volumes.length > gateLimits.reviewImages) {
    throw new InvalidWorkload(`the ${kind} has more than ${gateLimits.reviewImages} images`);
  }
  return [...found, ...volumes];
}

function listImages(
  spec: Readonly<Record<string, unknown>>,
  { list, path }: { readonly list: string; readonly path: string },
): WorkloadImage[] {
  return listOf(spec[list], `${path}.${list}`).map((container, at) => {
    const { name, image } = container;
    const place = `${path}.${list}[${at}]${typeof name === 'string' ? ` "${name}"` : ''}`;
    if (typeof image === 'string' && image !== '') return { place, image };
    throw new InvalidWorkload(`${place} has no image`);
  });
}

/** Volumes whose content is an image. */
function listVolumes(spec: Readonly<Record<string, unknown>>, path: string): WorkloadImage[] {
  return listOf(spec['volumes'], `${path}.volumes`).flatMap(({ image }, at) => {
    if (!isRecord(image)) return [];
    const { reference } = image;
    const place = `${path}.volumes[${at}]`;
    return typeof reference === 'string' && reference !== '' ? [{ place, image: reference }] : [];
  });
}

function listOf(value: unknown, path: string): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((one) => isRecord(one))) return value;
  throw new InvalidWorkload(`${path} is not a list of objects`);
}

/** Images of a changed object that the old one did not have: what runs already is not reviewed. */
export function listNewImages(object: unknown, old: unknown): WorkloadImage[] {
  const images = listWorkloadImages(object);
  if (!isRecord(old)) return images;
  const before = new Set(listWorkloadImages(old).map(({ image }) => image));
  return images.filter(({ image }) => !before.has(image));
}
