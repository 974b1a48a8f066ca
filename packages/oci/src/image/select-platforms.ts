/** Selects children of an index by platform. */
import type { Platform, SourceDiagnostic } from '@lazaret/protocol';

import { SourceError } from '../source-error.ts';
import type { PlatformChoice } from './image-source.ts';
import { isAttestation } from './media-type.ts';

import type { Descriptor } from './manifest.ts';

import { formatPlatform, platformDistance } from './platform.ts';

export interface PlatformSelection {
  /** In the order of the index. */
  readonly selected: readonly Descriptor[];
  readonly diagnostics: readonly SourceDiagnostic[];
}

export interface PlatformQuestion {
  readonly choice: PlatformChoice;
  /** The platform for the choice `default`. */
  readonly defaultPlatform: Platform;
}

/**
 * Selects among children. Children without a platform are used when no child with one matches;
 * their configuration is checked later (`checkPlatform`). Throws SourceError `no_such_platform`
 * when a named platform has no match; `default` falls back to the first child.
 */
export function selectPlatforms(
  children: readonly Descriptor[],
  { choice, defaultPlatform }: PlatformQuestion,
): PlatformSelection {
  const { images, diagnostics } = separateAttestations(children);
  if (choice === 'all' || images.length === 0) return { selected: images, diagnostics };
  const wanted = choice === 'default' ? defaultPlatform : choice;
  const selected = chooseAmong(images, wanted);
  if (selected.length === 0) {
    if (choice !== 'default') throw noSuchPlatform(wanted, images);
    const first = images.slice(0, 1);
    diagnostics.push(...first.map((child) => substituted(child, wanted)));
    selected.push(...first);
  }
  for (const child of images) {
    if (selected.includes(child)) continue;
    const { digest, sizeBytes } = child;
    const detail = `${platformText(child)} was not examined`;
    diagnostics.push({ reason: 'other_platform', detail, digest, sizeBytes });
  }
  return { selected, diagnostics };
}

export interface PlatformCheck extends PlatformQuestion {
  readonly digest?: string;
  /** As stated in the descriptor of the index, if any. */
  readonly listed?: Platform | undefined;
  /** As stated in the configuration of the image. */
  readonly configured?: Platform | undefined;
}

/**
 * Compares the platform in the index with the one of the image, and an image without an index with
 * the requested platform. Throws SourceError `no_such_platform` when the image does not match a
 * named platform.
 */
export function checkPlatform(check: PlatformCheck): SourceDiagnostic[] {
  const { choice, listed, configured, digest } = check;
  const about = digest === undefined ? {} : { digest };
  if (configured === undefined) return [];
  const is = formatPlatform(configured);
  if (listed !== undefined) {
    if (platformDistance(listed, configured) !== undefined) return [];
    const detail = `the index says ${formatPlatform(listed)}, the image is for ${is}`;
    return [{ reason: 'platform_substituted', detail, ...about }];
  }
  if (choice === 'all') return [];
  const wanted = choice === 'default' ? check.defaultPlatform : choice;
  if (platformDistance(wanted, configured) !== undefined) return [];
  const asked = formatPlatform(wanted);
  if (choice !== 'default') {
    throw new SourceError('no_such_platform', `the image is for ${is}, not for ${asked}`);
  }
  return [{ reason: 'platform_substituted', detail: `${is} instead of ${asked}`, ...about }];
}

interface SeparatedChildren {
  readonly images: readonly Descriptor[];
  readonly diagnostics: SourceDiagnostic[];
}

/** Duplicate children count once. */
function separateAttestations(children: readonly Descriptor[]): SeparatedChildren {
  const unique = new Map<string, Descriptor>();
  for (const child of children) if (!unique.has(child.digest)) unique.set(child.digest, child);
  const images: Descriptor[] = [];
  const diagnostics: SourceDiagnostic[] = [];
  for (const child of unique.values()) {
    if (!isAttestation(child)) images.push(child);
    else {
      const subject = child.annotations?.['vnd.docker.reference.digest'] ?? 'an image';
      diagnostics.push({ reason: 'attestation', detail: `about ${subject}`, digest: child.digest });
    }
  }
  return { images, diagnostics };
}

/** The best match, the first among equals; otherwise all children without a platform. */
function chooseAmong(images: readonly Descriptor[], wanted: Platform): Descriptor[] {
  let best: { child: Descriptor; distance: number } | undefined;
  for (const child of images) {
    if (!hasPlatform(child)) continue;
    const distance = platformDistance(wanted, child.platform);
    if (distance === undefined || (best !== undefined && best.distance <= distance)) continue;
    best = { child, distance };
  }
  if (best !== undefined) return [best.child];
  return images.filter((child) => !hasPlatform(child));
}

function hasPlatform(child: Descriptor): child is Descriptor & { platform: Platform } {
  return child.platform !== undefined && child.platform.architecture !== '';
}

function substituted(child: Descriptor, wanted: Platform): SourceDiagnostic {
  const detail = `${platformText(child)} instead of ${formatPlatform(wanted)}`;
  return { reason: 'platform_substituted', detail, digest: child.digest };
}

function noSuchPlatform(wanted: Platform, images: readonly Descriptor[]): SourceError {
  const offered = [...new Set(images.map(platformText))].slice(0, 20).join(', ');
  const message = `no image for platform ${formatPlatform(wanted)} (available: ${offered})`;
  return new SourceError('no_such_platform', message);
}

function platformText({ platform }: Descriptor): string {
  return platform === undefined ? 'no platform' : formatPlatform(platform);
}
