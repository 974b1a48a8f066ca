/** `--output`: which formats go where. */
import type { InspectionReport } from '@lazaret/protocol';

import { flagList, type Invocation } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { formatStructured, writeOut } from '../render/print.ts';
import { visibleJson } from '../render/visible-text.ts';
import { writeWhole } from '../write-file.ts';
import { openAnalysis } from './inspect-door.ts';
import { reportFormats, type ReportFormat } from './inspect-flags.ts';

export interface Output {
  readonly format: ReportFormat;
  /** Standard output without one. */
  readonly file: string | undefined;
}

const aliases: Readonly<Record<string, ReportFormat>> = {
  'cyclonedx-json': 'cyclonedx',
  'spdx-json': 'spdx',
};

/** At most one goes to standard output; beside files, the table does. */
export function readOutputs({
  flags,
  shell,
}: Pick<Invocation, 'flags' | 'shell'>): readonly Output[] {
  const given = flagList(flags, 'output');
  const outputs = (given.length === 0 ? [shell.environment.output ?? 'table'] : given).map(
    toOutput,
  );
  const toStdout = outputs.filter(({ file }) => file === undefined);
  if (toStdout.length > 1) {
    throw usageFailure('--output: only one format can go to standard output', {
      hint: 'Name files for the others, as in --output sarif=app.sarif.',
    });
  }
  const files = outputs.flatMap(({ file }) => file ?? []);
  if (new Set(files).size < files.length) {
    throw usageFailure('--output: two formats would go into the same file');
  }
  return toStdout.length === 0 ? [...outputs, { format: 'table', file: undefined }] : outputs;
}

function toOutput(text: string): Output {
  const at = text.indexOf('=');
  const word = at < 0 ? text : text.slice(0, at);
  const file = at < 0 ? undefined : text.slice(at + 1);
  const format = reportFormats.find((one) => one === (aliases[word] ?? word));
  if (format === undefined) {
    throw usageFailure(
      `--output: expected ${reportFormats.join(', ')}, received ${JSON.stringify(word)}`,
    );
  }
  if (file === '') throw usageFailure(`--output: ${format}= wants the name of a file`);
  return { format, file };
}

/** Formats that hold one image alone. */
export function isSingle({ format }: Output): boolean {
  return format === 'cyclonedx' || format === 'spdx';
}

export interface Written {
  readonly reports: readonly InspectionReport[];
  readonly files: boolean;
  readonly timestamp: string;
  readonly table: () => string;
}

export async function writeOutput(
  invocation: Pick<Invocation, 'shell'>,
  output: Output,
  written: Written,
): Promise<void> {
  const { reports } = written;
  if (!isSingle(output) || reports.length === 1) {
    return writeText(invocation, output.file, await formatReports(output.format, written));
  }
  if (output.file === undefined) throw severalImages(output);
  for (const [file, report] of filesFor(output.file, reports)) {
    const text = await formatReports(output.format, { ...written, reports: [report] });
    await writeText(invocation, file, text);
  }
}

/** A bill of materials describes one image. */
export function severalImages({ format }: Output): Error {
  return usageFailure(`--output: ${format} describes one image, and there are several`, {
    hint: `Choose a --platform, or name a file: --output ${format}=FILE makes one for each.`,
  });
}

/**
 * `app.cdx.json` becomes `app.linux-arm64.cdx.json`, and `app.linux-arm64-2.cdx.json` where an
 * archive holds another image of the platform.
 */
function filesFor(
  file: string,
  reports: readonly InspectionReport[],
): readonly (readonly [string, InspectionReport])[] {
  const slash = file.lastIndexOf('/') + 1;
  const dot = file.indexOf('.', slash + 1);
  const end = dot < 0 ? file.length : dot;
  const seen = new Map<string, number>();
  return reports.map((report) => {
    const label = platformLabel(report);
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    const words = count === 1 ? label : `${label}-${count}`;
    return [`${file.slice(0, end)}.${words}${file.slice(end)}`, report];
  });
}

function platformLabel({ image }: InspectionReport): string {
  const { os = '', architecture = '', variant } = image?.platform ?? {};
  // a platform is what an image says of itself, and this becomes a name in a directory
  const words = [os, architecture, variant ?? ''].map((word) => word.replaceAll(/[^\w.]+/g, '_'));
  const label = words.filter((word) => word !== '').join('-');
  return label === '' ? 'unknown' : label;
}

async function formatReports(
  format: ReportFormat,
  { reports, files, timestamp, table }: Written,
): Promise<string> {
  if (format === 'table') return table();
  const analysis = await openAnalysis();
  const [report] = reports;
  const options = { timestamp, files };
  if (format === 'yaml') return formatStructured(analysis.toJsonValue(reports), 'yaml');
  if (format === 'sarif') return toText(analysis.toSarif(reports, options));
  if (format === 'json' || report === undefined) return toText(analysis.toJsonValue(reports));
  const { toCycloneDx, toSpdx } = analysis;
  return toText(format === 'spdx' ? toSpdx(report, options) : toCycloneDx(report, options));
}

/** Escapes what a terminal would obey, should the file be shown on one. */
function toText(value: unknown): string {
  return `${visibleJson(JSON.stringify(value, undefined, 2))}\n`;
}

async function writeText(
  invocation: Pick<Invocation, 'shell'>,
  file: string | undefined,
  text: string,
): Promise<void> {
  if (file === undefined) return writeOut(invocation, text);
  await writeWhole(file, pieces(text));
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
