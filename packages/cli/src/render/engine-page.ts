/** An engine as text: its image, its parameters by the names of the manifest, its limits. */
import { formatDuration, formatSize, type EngineDetail } from '@lazaret/protocol';

import { formatCell, formatMoment } from './cell.ts';
import { formatFacts, type FactRow } from './fact-rows.ts';
import type { PageOptions } from './page.ts';
import { visibleLine } from './visible-text.ts';
import { wrapText } from './wrap-text.ts';

const indent = '  ';
const secondMs = 1_000;

interface ParameterSchema {
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required?: readonly string[];
}

/** The whole page. Names of parameters are those that `submit -p NAME=VALUE` takes. */
export function formatEnginePage(engine: EngineDetail, options: PageOptions): string {
  const title = (text: string): string => `\n${options.style('bold', text)}\n`;
  const parts = [formatFacts(headRows(engine, options), options)];
  const parameters = formatParameters(engine, options);
  if (parameters !== '') parts.push(title('Parameters'), parameters);
  parts.push(title('Limits'), formatFacts(limitRows(engine), options));
  parts.push(title('Revisions'), formatFacts(revisionRows(engine), options));
  return parts.join('');
}

function headRows(engine: EngineDetail, { now }: PageOptions): readonly FactRow[] {
  const { manifest, image, problem, version } = engine;
  const { input } = manifest;
  const updated = formatCell('updatedAt', engine.updatedAt, { now, short: false });
  return [
    ['Engine', [engine.name]],
    ['Description', engine.description === '' ? [] : [engine.description]],
    ['Enabled', [engine.enabled ? 'yes' : 'no']],
    ['Problem', problem === null ? [] : [problem]],
    ['Version', version === '' ? [] : [version]],
    ['Revision', [`${engine.revision}, updated ${updated}`]],
    ['Image', [manifest.image, ...(image === null ? ['not pinned'] : [image.digest])]],
    ['Command', commandOf(engine)],
    ['Inputs', [`${rangeOf(input.count)}, up to ${formatSize(input.maxBytes)} each`]],
    ['Network', [manifest.network]],
    ['User', [manifest.user]],
  ];
}

function commandOf({ manifest: { shell, command } }: EngineDetail): readonly string[] {
  if (shell !== undefined) return [shell];
  return command === undefined ? [] : [command.join(' ')];
}

function rangeOf({ min, max }: { readonly min: number; readonly max: number }): string {
  if (min !== max) return `${min} to ${max} files`;
  return `${max} ${max === 1 ? 'file' : 'files'}`;
}

function formatParameters({ manifest }: EngineDetail, options: PageOptions): string {
  const { properties = {}, required = [] } = (manifest.parameters?.schema ?? {}) as ParameterSchema;
  const widthChars =
    options.widthChars === undefined ? undefined : options.widthChars - indent.length;
  return Object.entries(properties)
    .flatMap(([name, schema]) => [
      `${options.style('cyan', visibleLine(name))}  ${describeType(schema, required.includes(name))}`,
      ...wrapText(describe(schema), widthChars).map((line) => `${indent}${line}`),
    ])
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function describeType(schema: Readonly<Record<string, unknown>>, isRequired: boolean): string {
  const { type, minimum, maximum, default: value } = schema;
  const words = [
    ...(typeof type === 'string' ? [type] : []),
    ...(Array.isArray(schema['enum']) ? [`one of ${schema['enum'].map(asText).join(', ')}`] : []),
    ...(typeof minimum === 'number' ? [`at least ${minimum}`] : []),
    ...(typeof maximum === 'number' ? [`at most ${maximum}`] : []),
    ...(value === undefined ? [] : [`default ${asText(value)}`]),
    ...(isRequired ? ['required'] : []),
  ];
  return words.join(', ');
}

function describe({ description, title }: Readonly<Record<string, unknown>>): string {
  const text = typeof description === 'string' ? description : title;
  return typeof text === 'string' ? visibleLine(text) : '';
}

function asText(value: unknown): string {
  return visibleLine(typeof value === 'string' ? value : JSON.stringify(value));
}

function limitRows({ manifest }: EngineDetail): readonly FactRow[] {
  const { resources, timeLimit, queueTimeLimit, concurrency, retry } = manifest;
  const { memory, cpus, pids, disk, tmp, output, log } = resources;
  return [
    ['Time limit', [formatDuration(timeLimit * secondMs)]],
    ['Queue time limit', [formatDuration(queueTimeLimit * secondMs)]],
    ['Memory', [`${formatSize(memory)}, of which up to ${formatSize(tmp)} for /tmp`]],
    ['CPUs', [String(cpus)]],
    ['Processes', [String(pids)]],
    ['Disk', [formatSize(disk)]],
    ['Output', [formatSize(output)]],
    ['Log', [formatSize(log)]],
    [
      'Attempts',
      [`${retry.attempts} for platform failures; ${retry.workload} retries if the engine fails`],
    ],
    ['Concurrency', concurrency === undefined ? [] : [String(concurrency)]],
  ];
}

function revisionRows({ revisions }: EngineDetail): readonly FactRow[] {
  return revisions.map(({ revision, createdAt, createdBy, version, image }) => {
    const about = `${formatMoment(Date.parse(createdAt))} by ${createdBy}`;
    const name = version === '' ? '' : `, version ${version}`;
    return [String(revision), [`${about}${name}`, ...(image === null ? [] : [image.digest])]];
  });
}
