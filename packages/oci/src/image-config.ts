/**
 * An image's configuration, read with patience: a field that is not what it should be is left out
 * and named, and the rest stands.
 * Sources: OCI image specification 1.1, "Image Configuration"; Docker image specification 1.2.
 */
import { limits } from '@lazaret/protocol';
import type { ImageConfig, Platform } from '@lazaret/protocol';

import { isRecord, parseUntrustedObject } from './untrusted-json.ts';
import { untrustedPlatform } from './platform.ts';

export interface ParsedImageConfig {
  readonly config: ImageConfig;
  /** Absent unless the configuration names both operating system and architecture. */
  readonly platform?: Platform;
  /** As claimed, lowest first. */
  readonly diffIds: readonly string[];
  /** Fields that were not understood and left out. */
  readonly oddities: readonly string[];
}

/** Throws SourceError `damaged` when it is no JSON object, `too_large`. */
export function parseImageConfig(bytes: Buffer): ParsedImageConfig {
  const bounds = { what: 'the image configuration', maxBytes: limits.imageConfigBytes };
  const root = new Fields(parseUntrustedObject(bytes, bounds), '', []);
  const inner = root.object('config');
  const platform = untrustedPlatform.parse(root.value);
  const config: ImageConfig = {
    ...optional('created', root.text('created')),
    ...optional('author', root.text('author')),
    ...optional('user', inner.text('User')),
    ...optional('env', inner.texts('Env')),
    ...optional('entrypoint', inner.texts('Entrypoint')),
    ...optional('cmd', inner.texts('Cmd')),
    ...optional('workingDir', inner.text('WorkingDir')),
    ...optional('exposedPorts', inner.keys('ExposedPorts')),
    ...optional('volumes', inner.keys('Volumes')),
    ...optional('labels', inner.textMap('Labels')),
    ...optional('stopSignal', inner.text('StopSignal')),
    ...optional('parent', root.text('parent')),
    history: readHistory(root),
  };
  return {
    config,
    ...(platform.os === '' || platform.architecture === '' ? {} : { platform }),
    diffIds: root.object('rootfs').texts('diff_ids') ?? [],
    oddities: root.oddities,
  };
}

/**
 * The diffID of each layer. A configuration that lists more or fewer than there are layers says
 * nothing of any of them: what it means for one would be a guess.
 */
export function layerDiffIds(
  { diffIds }: ParsedImageConfig,
  layerCount: number,
): readonly (string | undefined)[] {
  return Array.from({ length: layerCount }, (_, index) =>
    diffIds.length === layerCount ? diffIds[index] : undefined,
  );
}

function readHistory(root: Fields): ImageConfig['history'] {
  return root.objects('history').map((step) => ({
    ...optional('created', step.text('created')),
    ...optional('createdBy', step.text('created_by')),
    ...optional('author', step.text('author')),
    ...optional('comment', step.text('comment')),
    ...optional('emptyLayer', step.flag('empty_layer')),
  }));
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

const odditiesMax = 100;

/** An object of the configuration, whose fields are taken one by one. */
class Fields {
  readonly value: Readonly<Record<string, unknown>>;
  readonly oddities: string[];
  readonly #path: string;

  constructor(value: Readonly<Record<string, unknown>>, path: string, oddities: string[]) {
    this.value = value;
    this.#path = path;
    this.oddities = oddities;
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'string') return value;
    return this.#odd(key, 'is not a text');
  }

  flag(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#odd(key, 'is neither true nor false');
  }

  /** A single text counts as a list of one: old writers put commands so. */
  texts(key: string): string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return [value];
    if (!Array.isArray(value)) return this.#odd(key, 'is not a list');
    const list = (value as unknown[]).filter((item) => typeof item === 'string');
    if (list.length < value.length) this.#odd(key, 'holds more than texts');
    return list;
  }

  /** The keys of an object; a list serves too. */
  keys(key: string): string[] | undefined {
    const value = this.#take(key);
    if (Array.isArray(value)) return this.texts(key);
    if (value === undefined) return undefined;
    return isRecord(value) ? Object.keys(value) : this.#odd(key, 'is not an object');
  }

  textMap(key: string): Record<string, string> | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!isRecord(value)) return this.#odd(key, 'is not an object');
    const pairs: [string, string][] = [];
    for (const [name, item] of Object.entries(value)) {
      if (typeof item === 'string') pairs.push([name, item]);
      else this.#odd(`${key}.${name.slice(0, 100)}`, 'is not a text');
    }
    return Object.fromEntries(pairs);
  }

  object(key: string): Fields {
    const value = this.#take(key);
    const isGiven = value !== undefined;
    if (isGiven && !isRecord(value)) this.#odd(key, 'is not an object');
    return new Fields(isRecord(value) ? value : {}, `${this.#path}${key}.`, this.oddities);
  }

  objects(key: string): Fields[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.#odd(key, 'is not a list');
      return [];
    }
    return (value as unknown[]).map((item, index) => {
      if (!isRecord(item)) this.#odd(`${key}[${index}]`, 'is not an object');
      return new Fields(
        isRecord(item) ? item : {},
        `${this.#path}${key}[${index}].`,
        this.oddities,
      );
    });
  }

  /** The field's own value; null is as good as none. */
  #take(key: string): unknown {
    return Object.hasOwn(this.value, key) ? (this.value[key] ?? undefined) : undefined;
  }

  #odd(key: string, how: string): undefined {
    if (this.oddities.length < odditiesMax) this.oddities.push(`${this.#path}${key} ${how}`);
    return undefined;
  }
}
