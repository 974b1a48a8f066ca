/** Platforms: syntax, normalization and compatibility. */
import { SourceError } from '../source-error.ts';
import type { Platform } from '@lazaret/protocol';

import { z } from 'zod';

/** Names that kernels and package managers use for the architectures of Go. */
const architectureAliases: ReadonlyMap<
  string,
  Pick<Platform, 'architecture' | 'variant'>
> = new Map([
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['x64', { architecture: 'amd64' }],
  ['i386', { architecture: '386' }],
  ['i686', { architecture: '386' }],
  ['ia32', { architecture: '386' }],
  ['aarch64', { architecture: 'arm64' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
  ['ppc64el', { architecture: 'ppc64le' }],
]);

/** A platform as written in descriptors and configurations. */
export const untrustedPlatform = z
  .object({
    os: z.string().catch(''),
    architecture: z.string().catch(''),
    variant: z.string().optional().catch(undefined),
    'os.version': z.string().optional().catch(undefined),
  })
  .transform((platform): Platform => {
    const { os, architecture, variant, 'os.version': osVersion } = platform;
    return {
      os,
      architecture,
      ...(variant === undefined || variant === '' ? {} : { variant }),
      ...(osVersion === undefined || osVersion === '' ? {} : { osVersion }),
    };
  });

/** Parses `linux/arm64` or `linux/arm/v7`. Throws SourceError `unsupported` otherwise. */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...rest] = text.toLowerCase().split('/');
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (rest.length > 0 || !parts.every((part) => /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(part))) {
    throw new SourceError(
      'unsupported',
      `invalid platform "${text}" (expected os/arch, e.g. linux/amd64)`,
    );
  }
  return normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

/** `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant, osVersion }: Platform): string {
  const text = [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
  return osVersion === undefined ? text : `${text} (${osVersion})`;
}

/**
 * Canonical spelling of a platform: `aarch64` becomes arm64, and its default variant v8 is omitted.
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const alias = architectureAliases.get(written);
  const architecture = alias?.architecture ?? written;
  const variant = normalizeVariant(architecture, platform.variant ?? alias?.variant);
  const { osVersion } = platform;
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}

/**
 * How well an offered platform matches the wanted one: 0 is exact, larger is worse, undefined is
 * incompatible. Processors run code built for older variants.
 */
export function platformDistance(wanted: Platform, offered: Platform): number | undefined {
  const [want, offer] = [normalizePlatform(wanted), normalizePlatform(offered)];
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  if (want.osVersion !== undefined && want.osVersion !== offer.osVersion) return undefined;
  const defaultLevel = want.architecture === 'arm' ? 7 : 1;
  const [wantLevel, offerLevel] = [
    variantLevel(want.variant, defaultLevel),
    variantLevel(offer.variant, defaultLevel),
  ];
  if (wantLevel !== undefined && offerLevel !== undefined) {
    return offerLevel <= wantLevel ? wantLevel - offerLevel : undefined;
  }
  return want.variant === offer.variant ? 0 : undefined;
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (variant === undefined || variant === '') return undefined;
  const written = variant.toLowerCase();
  const named = /^\d+$/.test(written) ? `v${written}` : written;
  if (architecture === 'arm64' && named === 'v8') return undefined;
  if (architecture === 'amd64' && named === 'v1') return undefined;
  return named;
}

function variantLevel(variant: string | undefined, otherwise: number): number | undefined {
  if (variant === undefined) return otherwise;
  return /^v\d{1,2}$/.test(variant) ? Number(variant.slice(1)) : undefined;
}
