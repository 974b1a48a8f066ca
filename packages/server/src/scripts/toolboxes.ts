/** The toolboxes of the server, opened once, and their volumes on the engine. */
import { scriptKinds, type ScriptKind } from '@lazaret/protocol';

import { labelNames, type Executor } from '../executors/index.ts';
import { openToolbox, ToolboxError, type Toolbox, type ToolboxSettings } from './toolbox.ts';

export type PreparedToolbox =
  | { readonly toolbox: Toolbox; readonly volume: string }
  | { readonly problem: string };

export class Toolboxes {
  readonly #settings: ToolboxSettings;
  readonly #instance: string;
  readonly #opened = new Map<ScriptKind, Promise<Toolbox | { readonly problem: string }>>();
  /** Volumes that are complete on the engine. */
  readonly #ready = new Set<string>();

  constructor(settings: ToolboxSettings, instance: string) {
    this.#settings = settings;
    this.#instance = instance;
  }

  /** Why a kind is not supported; null if it is. */
  async problems(): Promise<Record<ScriptKind, string | null>> {
    const entries = await Promise.all(
      scriptKinds.map(async (kind) => {
        const opened = await this.#open(kind);
        return [kind, 'problem' in opened ? opened.problem : null] as const;
      }),
    );
    return Object.fromEntries(entries) as Record<ScriptKind, string | null>;
  }

  /** The volume exists and is complete. */
  async prepare(
    kind: ScriptKind,
    { executor, imageId }: { readonly executor: Executor; readonly imageId: string },
  ): Promise<PreparedToolbox> {
    const toolbox = await this.#open(kind);
    if ('problem' in toolbox) return toolbox;
    const volume = this.#volumeOf(toolbox);
    if (!this.#ready.has(volume)) {
      const labels = this.#labels();
      const { files } = toolbox;
      await executor.ensureVolume({ name: volume, labels, image: imageId, files });
      this.#ready.add(volume);
    }
    return { toolbox, volume };
  }

  /** Removes volumes of earlier tools; those in use stay. */
  async sweep(executor: Executor): Promise<void> {
    const opened = await Promise.all(scriptKinds.map((kind) => this.#open(kind)));
    const current = new Set(
      opened.flatMap((one) => ('problem' in one ? [] : [this.#volumeOf(one)])),
    );
    for (const name of await executor.listVolumes(this.#labels())) {
      if (!current.has(name)) await executor.removeVolume(name);
    }
  }

  /** After the engine was away: it may be another one, without the volumes. */
  forget(): void {
    this.#ready.clear();
  }

  #labels(): Readonly<Record<string, string>> {
    return { [labelNames.instance]: this.#instance, [labelNames.role]: 'tools' };
  }

  #volumeOf({ hash }: Toolbox): string {
    return `lazaret-tools-${this.#instance}-${hash.slice(0, 32)}`;
  }

  #open(kind: ScriptKind): Promise<Toolbox | { readonly problem: string }> {
    const known = this.#opened.get(kind);
    if (known !== undefined) return known;
    const opened = openToolbox(kind, this.#settings).catch((error: unknown) => {
      if (!(error instanceof ToolboxError)) throw error;
      return { problem: error.message };
    });
    this.#opened.set(kind, opened);
    return opened;
  }
}
