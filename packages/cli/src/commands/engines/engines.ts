/** Validates, adds and imports engines from manifest files; enables and disables engines. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  engineManifest,
  limits,
  operations,
  readFields,
  type EngineManifest,
  type EngineManifestInput,
} from '@lazaret/protocol';

import { flagOn, type Invocation } from '../../command/command.ts';
import { callByName } from '../../connection/call-by-name.ts';
import { callTimeout } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { check } from '../../command/check-values.ts';
import { readDocument } from '../../files/read-document.ts';
import { printList, printStructured, printNote, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { engines } = operations;
const manifestNames = ['engine.yaml', 'manifest.yaml', 'engine.yml', 'manifest.yml'] as const;

/** Validates manifests here, and by the server if one is configured. */
export async function runValidate(invocation: Invocation): Promise<void> {
  const manifests = await readManifests(invocation);
  const checked: EngineManifest[] = manifests.map(({ manifest }) => manifest);
  const isOffline = flagOn(invocation.flags, 'offline');
  const connection = isOffline ? undefined : await connectIfKnown(invocation);
  for (const [index, { path, source }] of manifests.entries()) {
    const call = { body: { manifest: source } };
    const signal = callTimeout();
    if (connection !== undefined) {
      checked[index] = await connection.client.call(engines.validate, call, { signal });
    }
    const how = connection === undefined ? ' (validated without a server)' : '';
    await printNote(invocation, `${path}: valid manifest of ${checked[index]?.name}${how}`);
  }
  if (invocation.settings.output !== 'table') {
    await printStructured(invocation, checked.length === 1 ? checked[0] : checked);
  }
}

export async function runAdd(invocation: Invocation): Promise<void> {
  const manifests = await readManifests(invocation);
  const { client } = await invocation.connect();
  for (const { source } of manifests) {
    // includes pulling the image
    const signal = AbortSignal.timeout(limits.imagePullMs);
    const engine = await client.call(engines.add, { body: { manifest: source } }, { signal });
    if (invocation.settings.output !== 'table') await printStructured(invocation, engine);
    else await writeOut(invocation, `${engine.name}\n`);
    const digest = engine.image === null ? '' : `, ${visibleLine(engine.image.digest)}`;
    await printNote(invocation, `Engine ${engine.name}: revision ${engine.revision}${digest}`);
  }
}

/** The legacy file: `{"engines": [...]}`, or the list alone. */
export async function runImport(invocation: Invocation): Promise<number> {
  const path = invocation.arguments[0] ?? '-';
  const value = lowerCaseKeys(await readDocument(invocation.shell, path));
  const list = Array.isArray(value) ? value : (value as { engines?: unknown } | null)?.engines;
  if (!Array.isArray(list)) throw usageFailure(`${path} contains no list "engines"`);
  const body = { engines: list as Record<string, unknown>[] };
  check(engines.import.body, body, []);
  const { client } = await invocation.connect();
  const signal = AbortSignal.timeout(limits.imagePullMs);
  const answer = await client.call(engines.import, { body }, { signal });
  if (invocation.settings.output === 'table') {
    const rows = [
      ...answer.imported.map(({ name, revision }) => ({
        name,
        imported: true,
        detail: `revision ${revision}`,
      })),
      ...answer.refused.map(({ name, detail }) => ({ name, imported: false, detail })),
    ];
    await printList(invocation, rows, ['name', 'imported', 'detail']);
  } else {
    await printStructured(invocation, answer);
  }
  return answer.refused.length === 0 ? exitCodes.ok.code : exitCodes.failure.code;
}

export function runEnable(invocation: Invocation): Promise<void> {
  return setEnabled(invocation, true);
}

export function runDisable(invocation: Invocation): Promise<void> {
  return setEnabled(invocation, false);
}

async function setEnabled(invocation: Invocation, enabled: boolean): Promise<void> {
  for (const name of invocation.arguments) check(engines.update.params, { name }, []);
  const { client } = await invocation.connect();
  for (const name of invocation.arguments) {
    const engine = await callByName(client, { noun: 'engines', name }, (whole) => {
      const call = { params: { name: whole }, body: { enabled } };
      return client.call(engines.update, call, { signal: callTimeout() });
    });
    if (invocation.settings.output !== 'table') await printStructured(invocation, engine);
    else await writeOut(invocation, `${engine.name}\n`);
  }
}

/** Reads and validates all manifests before any is used. */
async function readManifests({ shell, arguments: paths }: Invocation): Promise<
  readonly {
    path: string;
    source: EngineManifestInput;
    manifest: EngineManifest;
  }[]
> {
  return Promise.all(
    paths.map(async (given) => {
      const path = await findManifest(given);
      const source = await readDocument(shell, path, limits.manifestBytes);
      const parsed = engineManifest.safeParse(source);
      if (parsed.success) {
        return { path, source: source as EngineManifestInput, manifest: parsed.data };
      }
      throw new Failure(`${path} is not a valid manifest`, {
        // unknown fields with the nearest name, as the server says it
        fields: readFields(engineManifest, source, { path: [] }).errors,
        hint: 'Fix the listed fields; see docs/engines.md.',
      });
    }),
  );
}

/** For a directory the manifest in it. */
async function findManifest(path: string): Promise<string> {
  const isDirectory =
    path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (!isDirectory) return path;
  for (const name of manifestNames) {
    const candidate = join(path, name);
    if ((await stat(candidate).catch(() => undefined))?.isFile() === true) return candidate;
  }
  throw usageFailure(`${path} contains no manifest`, {
    hint: `Expected ${manifestNames.slice(0, 2).join(' or ')}.`,
  });
}

async function connectIfKnown(
  invocation: Invocation,
): Promise<Awaited<ReturnType<Invocation['connect']>> | undefined> {
  try {
    return await invocation.connect();
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.unreachable.code) return undefined;
    throw error;
  }
}

/** Keys of the legacy file are case-insensitive. */
function lowerCaseKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
}
