/** `lazaret scripts add` and `scripts run`. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import {
  operations,
  parseDuration,
  parseSize,
  type Client,
  type OperationCall,
  type ScriptKind,
  type ScriptRunDetail,
} from '@lazaret/protocol';

import { flagOn, flagText, flagList, type Invocation } from '../../command/command.ts';
import { kebabCase } from '../../command/flag-names.ts';
import { check } from '../../command/check-values.ts';
import { callTimeout } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { usageFailure } from '../../failure.ts';
import { toFileFailure } from '../../files/upload-file.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { visibleLine, visibleText } from '../../render/visible-text.ts';
import { resolveId } from '../../connection/resolve-id.ts';

const { scripts } = operations;
type AddCall = OperationCall<typeof scripts.add>;

export async function runAdd(invocation: Invocation): Promise<void> {
  const { arguments: files, flags } = invocation;
  if (files.length > 1 && flagText(flags, 'name') !== undefined) {
    throw usageFailure('--name: expected 1 file with it');
  }
  const bodies: { readonly path: string; readonly body: unknown }[] = [];
  for (const path of files) bodies.push({ path, body: await readScript(invocation, path) });
  for (const { body } of bodies) check(scripts.add.body, body, []);
  const { client } = await invocation.connect();
  for (const { path, body } of bodies) {
    // validated above
    const call = { body } as AddCall;
    const added = await client.call(scripts.add, call, { signal: callTimeout() });
    if (invocation.settings.output === 'table') await writeOut(invocation, `${added.name}\n`);
    else await printStructured(invocation, added);
    await printNote(invocation, `${path}: revision ${added.revision.slice(0, 12)}`);
  }
}

async function readScript({ flags }: Invocation, path: string): Promise<unknown> {
  const content = await readFile(path).catch((error: unknown) => {
    throw toFileFailure(error, path);
  });
  const lists = {
    images: flagList(flags, 'image'),
    labels: flagList(flags, 'label'),
    platforms: flagList(flags, 'platform'),
  };
  const user = flagText(flags, 'user');
  const format = flagText(flags, 'format');
  const processes = flagText(flags, 'processes');
  return {
    name: flagText(flags, 'name') ?? basename(path).toLowerCase(),
    kind: flagText(flags, 'kind') ?? kindOf(path),
    content: content.toString('base64'),
    ...lists,
    ...(format !== undefined && { format }),
    ...(user !== undefined && { user }),
    ...(processes !== undefined && { processes: Number(processes) }),
    ...quantity(flags, { flag: 'timeLimit', field: 'seconds', parse: parseSeconds }),
    ...quantity(flags, { flag: 'outputLimit', field: 'outputBytes', parse: parseSize }),
    ...quantity(flags, { flag: 'memory', field: 'memoryBytes', parse: parseSize }),
  };
}

function parseSeconds(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms === undefined ? undefined : Math.ceil(ms / 1_000);
}

function quantity(
  flags: Invocation['flags'],
  how: {
    readonly flag: string;
    readonly field: string;
    readonly parse: (text: string) => number | undefined;
  },
): Record<string, number> {
  const text = flagText(flags, how.flag);
  if (text === undefined) return {};
  const value = how.parse(text);
  if (value === undefined)
    throw usageFailure(`--${kebabCase(how.flag)}: invalid value ${JSON.stringify(text)}`);
  return { [how.field]: value };
}

function kindOf(path: string): ScriptKind {
  const ending = /\.([a-z]+)$/i.exec(basename(path))?.[1]?.toLowerCase() ?? '';
  const kinds = new Map<string, ScriptKind>([
    ['sh', 'shell'],
    ['py', 'python'],
    ['js', 'javascript'],
  ]);
  return kinds.get(ending) ?? 'binary';
}

export async function runScripts(invocation: Invocation): Promise<number> {
  const { flags, arguments: given, settings } = invocation;
  const project = flagText(flags, 'project');
  const body = {
    scripts: [...flagList(flags, 'script')],
    fresh: flagOn(flags, 'fresh'),
    ...(project !== undefined && { project }),
  };
  check(scripts.run.body, body, []);
  const { client } = await invocation.connect();
  const digest = await resolveId(client, 'images', given[0] ?? '');
  const call = { params: { digest }, body };
  const { items } = await client.call(scripts.run, call, { signal: callTimeout() });
  if (flags['wait'] === false) {
    if (settings.output !== 'table') await printStructured(invocation, items);
    else await writeOut(invocation, items.map(({ id }) => `${id}\n`).join(''));
    return exitCodes.ok.code;
  }
  const ended: ScriptRunDetail[] = [];
  for (const { id, waitReason } of items) {
    if (waitReason !== null) await printNote(invocation, `Waiting: ${visibleLine(waitReason)}`);
    const run = await waitForRun(client, id);
    ended.push(run);
    if (settings.output === 'table') await printRun(invocation, run);
  }
  if (settings.output !== 'table') await printStructured(invocation, ended);
  const isGood = ended.every(({ outcome }) => outcome === 'succeeded');
  return isGood ? exitCodes.ok.code : exitCodes.failure.code;
}

const waitSeconds = 20;

async function waitForRun(client: Client, id: string): Promise<ScriptRunDetail> {
  for (;;) {
    const call = { params: { id }, query: { waitSeconds } };
    const run = await client.call(scripts.result, call, { signal: callTimeout() });
    if (run.state === 'finished') return run;
  }
}

/** The output is untrusted: it is printed without control characters. */
async function printRun(invocation: Invocation, run: ScriptRunDetail): Promise<void> {
  const { script, outcome, detail, stdout, stderr, findings } = run;
  const reason = detail === '' ? '' : `: ${visibleLine(detail)}`;
  await printNote(invocation, `${script}: ${outcome ?? run.state}${reason}`);
  await writeOut(invocation, endLine(visibleText(stdout)));
  if (stderr !== '') await printNote(invocation, endLine(visibleText(stderr)).trimEnd());
  if (findings > 0) {
    const advice = `lazaret scripts disagreements ${run.digest.slice(7, 19)}`;
    await printNote(invocation, `${findings} packages differ from the inventory: ${advice}`);
  }
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
