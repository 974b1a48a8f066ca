/**
 * Lenient parser of an image configuration: an invalid field is omitted and reported as a warning;
 * the other fields are kept. Sources: OCI image specification 1.1, "Image Configuration"; Docker
 * image specification 1.2.
 */

import type { ImageConfig, Platform } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { isRecord, parseUntrustedObject } from '../untrusted/untrusted-json.ts';

import { untrustedPlatform } from './platform.ts';

export interface ParsedImageConfig {
  readonly config: ImageConfig;
  /** Absent unless the configuration has both an operating system and an architecture. */
  readonly platform?: Platform;
  /** As claimed by the configuration, lowest first. */
  readonly diffIds: readonly string[];
  /** Invalid fields, which were omitted. */
  readonly warnings: readonly string[];
}

/** Throws SourceError `damaged` when it is not a JSON object, `too_large`. */
export function parseImageConfig(bytes: Buffer): ParsedImageConfig {
  const bounds = { what: 'the image configuration', maxBytes: ociLimits.imageConfigBytes };
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
    warnings: root.warnings,
  };
}

/**
 * The diffID of each layer. When the configuration lists more or fewer diffIDs than there are
 * layers, none is used: assigning them would be a guess.
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

const warningsMax = 100;

/** Typed access to the fields of an object of the configuration. */
class Fields {
  readonly value: Readonly<Record<string, unknown>>;
  readonly warnings: string[];
  readonly #path: string;

  constructor(value: Readonly<Record<string, unknown>>, path: string, warnings: string[]) {
    this.value = value;
    this.#path = path;
    this.warnings = warnings;
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'string') return value;
    return this.#warn(key, 'is not a string');
  }

  flag(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#warn(key, 'is not a boolean');
  }

  /** A single string counts as a list of one: old tools write commands that way. */
  texts(key: string): string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return [value];
    if (!Array.isArray(value)) return this.#warn(key, 'is not an array');
    const list = (value as unknown[]).filter((item) => typeof item === 'string');
    if (list.length < value.length) this.#warn(key, 'contains values that are not strings');
    return list;
  }

  /** The keys of an object; an array is accepted too. */
  keys(key: string): string[] | undefined {
    const value = this.#take(key);
    if (Array.isArray(value)) return this.texts(key);
    if (value === undefined) return undefined;
    return isRecord(value) ? Object.keys(value) : this.#warn(key, 'is not an object');
  }

  textMap(key: string): Record<string, string> | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!isRecord(value)) return this.#warn(key, 'is not an object');
    const pairs: [string, string][] = [];
    for (const [name, item] of Object.entries(value)) {
      if (typeof item === 'string') pairs.push([name, item]);
      else this.#warn(`${key}.${name.slice(0, 100)}`, 'is not a string');
    }
    return Object.fromEntries(pairs);
  }

  object(key: string): Fields {
    const value = this.#take(key);
    const isGiven = value !== undefined;
    if (isGiven && !isRecord(value)) this.#warn(key, 'is not an object');
    return new Fields(isRecord(value) ? value : {}, `${this.#path}${key}.`, this.warnings);
  }

  objects(key: string): Fields[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.#warn(key, 'is not an array');
      return [];
    }
    return (value as unknown[]).map((item, index) => {
      if (!isRecord(item)) this.#warn(`${key}[${index}]`, 'is not an object');
      return new Fields(
        isRecord(item) ? item : {},
        `${this.#path}${key}[${index}].`,
        this.warnings,
      );
    });
  }

  /** The field's own value; null counts as absent. */
  #take(key: string): unknown {
    return Object.hasOwn(this.value, key) ? (this.value[key] ?? undefined) : undefined;
  }

  #warn(key: string, how: string): undefined {
    if (this.warnings.length < warningsMax) this.warnings.push(`${this.#path}${key} ${how}`);
    return undefined;
  }
}
