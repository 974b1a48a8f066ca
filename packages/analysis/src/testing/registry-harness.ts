/** Shared by tests of the registry source: a fake registry with an image, and a manual clock. */
import { createHash } from 'node:crypto';
import { afterEach } from 'vitest';

import type { ImageSource, SourceImage, SourceLayer } from '@lazaret/oci';
import type { RegistrySourceOptions } from '@lazaret/oci/registry';
import { openRegistrySource } from '@lazaret/oci/registry';
import { type BuiltImage, buildImage, type ImageInput } from './image-builder.ts';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '@lazaret/oci/testing';

export const amd64 = { os: 'linux', architecture: 'amd64' } as const;

/** A clock whose waits return at once, are recorded, and advance the time. */
export class ManualClock {
  readonly waits: number[] = [];
  #passedMs = 0;

  now(): number {
    return Date.now() + this.#passedMs;
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    this.#passedMs += ms;
  }

  pass(ms: number): void {
    this.#passedMs += ms;
  }
}

export interface RegistryHarness {
  readonly clock: ManualClock;
  /** Closed after the test. */
  start(options?: Partial<FakeRegistryOptions>): Promise<FakeRegistry>;
  /** Closed after the test. */
  open(text: string, options?: Partial<RegistrySourceOptions>): ImageSource;
}

/** For one test file; everything is closed after each test. */
export function useRegistryHarness(): RegistryHarness {
  const opened: { close(): Promise<void> }[] = [];
  let clock = new ManualClock();
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close();
    clock = new ManualClock();
  });
  return {
    get clock() {
      return clock;
    },
    async start(options = {}) {
      const registry = await startFakeRegistry({ now: () => clock.now(), dripMs: 1, ...options });
      opened.push(registry);
      return registry;
    },
    open(text, options = {}) {
      const source = openRegistrySource(text, {
        clock,
        defaultPlatform: amd64,
        random: () => 0.5,
        ...options,
      });
      opened.push(source);
      return source;
    },
  };
}

/** Two layers; the second is large enough to be cut into pieces. */
export async function buildSample(input: Partial<ImageInput> = {}): Promise<BuiltImage> {
  const noise = Buffer.alloc(300_000);
  for (let at = 0; at < noise.length; at += 1) noise[at] = (at * 7919 + (at >> 8) * 31) & 0xff;
  return buildImage({
    layers: [
      { entries: [{ path: 'etc/os-release', content: Buffer.from('ID=lab\n') }] },
      { entries: [{ path: 'noise', content: noise }], compression: 'none' },
    ],
    ...input,
  });
}

export function firstImage(images: readonly SourceImage[]): SourceImage {
  const [image] = images;
  if (image === undefined) throw new Error('no image');
  return image;
}

/** The digest of the stream of a layer. */
export async function digestLayer(layer: SourceLayer | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of (await layer?.open()) ?? []) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** Digests of all layers, by reading them. */
export async function digestLayers(image: SourceImage): Promise<string[]> {
  const found: string[] = [];
  for (const layer of image.layers) found.push(await digestLayer(layer));
  return found;
}
