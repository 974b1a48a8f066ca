/** Images for tests of scripts, loaded into the engine as the runner does it. */
import { randomBytes } from 'node:crypto';
import { createHash } from 'node:crypto';

import { writeTar, type TarInput } from '@lazaret/analysis';
import { createDockerClient } from '@lazaret/docker';
import { scriptSettings, type ScriptKind, type ScriptSettings } from '@lazaret/protocol';

import { createDockerExecutor } from '../../executors/docker.ts';
import type { Executor } from '../../executors/index.ts';
import { labelNames } from '../../executors/index.ts';
import { runScript, type ScriptResult } from '../run-script.ts';
import { openToolbox, type Toolbox } from '../toolbox.ts';

const address = 'unix:///var/run/docker.sock';

export interface ScriptFixture {
  readonly executor: Executor;
  readonly instance: string;
  readonly api: ReturnType<typeof createDockerClient>;
  /** Loads an image of one layer; answers its id. */
  load(entries: readonly TarInput[]): Promise<string>;
  /** Runs a script in an image. */
  run(imageId: string, script: TestScript): Promise<ScriptResult>;
  close(): Promise<void>;
}

export interface TestScript {
  readonly kind?: ScriptKind;
  readonly content: string | Buffer;
  readonly settings?: Partial<ScriptSettings>;
  readonly env?: readonly string[];
}

export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
  return Buffer.concat(pieces);
}

export function startScriptFixture(): ScriptFixture {
  const executor = createDockerExecutor({ address, now: Date.now });
  const api = createDockerClient({ address });
  const instance = `test-${randomBytes(8).toString('hex')}`;
  const labels = { [labelNames.instance]: instance, [labelNames.role]: 'inspected' };
  const toolboxes = new Map<ScriptKind, Promise<Toolbox>>();
  const volumes = new Map<string, Promise<void>>();
  const open = (kind: ScriptKind): Promise<Toolbox> => {
    const settings = { busybox: '', python: '/usr/bin/python3', node: process.execPath };
    const found = toolboxes.get(kind) ?? openToolbox(kind, settings);
    toolboxes.set(kind, found);
    return found;
  };
  return {
    ...{ executor, instance, api },
    async load(entries) {
      const tar = await readAll(writeTar(entries));
      const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
      const layers = async function* () {
        if (entries.length === 0) return;
        yield { diffId, sizeBytes: tar.length, tar: toStream(tar) };
      };
      const { imageId } = await executor.loadImage({
        tag: `lazaret-inspected:${randomBytes(8).toString('hex')}`,
        ...{ os: 'linux', architecture: 'amd64', labels, layers: layers() },
      });
      return imageId;
    },
    async run(imageId, { kind = 'shell', content, settings = {}, env = [] }) {
      const toolbox = await open(kind);
      const volume = `lazaret-test-tools-${toolbox.hash.slice(0, 32)}-${instance}`;
      const volumeLabels = { [labelNames.instance]: instance, [labelNames.role]: 'tools' };
      const wanted = { name: volume, labels: volumeLabels, image: imageId, files: toolbox.files };
      const filling = volumes.get(volume) ?? executor.ensureVolume(wanted);
      volumes.set(volume, filling);
      await filling;
      const image = {
        ...{ name: 'registry.lab/app', digest: 'sha256:00', platform: 'linux/amd64' },
        ...{ workingDirectory: '/srv', env },
      };
      const signal = AbortSignal.timeout(120_000);
      const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
      return runScript(
        {
          run: randomBytes(8).toString('hex'),
          ...{ kind, content: bytes, settings: scriptSettings.parse(settings) },
        },
        { executor, instance, imageId, image, toolbox, volume, signal },
      );
    },
    async close() {
      const own = { [labelNames.instance]: instance };
      for (const { containerId } of await executor.list(own)) await executor.remove(containerId);
      for (const { imageId } of await executor.listLoaded(own)) await executor.unloadImage(imageId);
      for (const name of await executor.listVolumes(own)) await executor.removeVolume(name);
      await executor.close();
      await api.close();
    },
  };
}

async function* toStream(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
