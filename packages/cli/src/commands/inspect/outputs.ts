/**
 * `--output` and `--output-file` of `inspect`: the destination of each format. One format goes to
 * standard output or to `--output-file`; `--output FORMAT=FILE`, repeatable, writes further ones.
 */
import type { InspectionReport } from '@lazaret/protocol';

import { flagList, type Invocation } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { formatStructured, writeOut } from '../../render/print.ts';
import { visibleJson } from '../../render/visible-text.ts';
import { writeWhole } from '../../files/write-file.ts';
import { loadAnalysis } from './load-analysis.ts';
import { reportFormats, type ReportFormat } from './flags.ts';

export interface Output {
  readonly format: ReportFormat;
  /** Standard output without one. */
  readonly file: string | undefined;
}

const aliases: Readonly<Record<string, ReportFormat>> = {
  'cyclonedx-json': 'cyclonedx',
  'spdx-json': 'spdx',
  cdx: 'cyclonedx',
  wide: 'table',
};

/** At most one goes to standard output; the table does if only FORMAT=FILE was given. */
export function readOutputs({
  flags,
  settings: { outputFile },
  shell,
}: Pick<Invocation, 'flags' | 'settings' | 'shell'>): readonly Output[] {
  const given = flagList(flags, 'output');
  const requested = (
    given.length === 0 ? [environmentFormat(shell.environment.output)] : given
  ).map(toOutput);
  const single = requested.filter(({ file }) => file === undefined);
  if (single.length > 1) {
    throw usageFailure('--output: only one format can go to standard output', {
      hint: 'Write the others to files: --output sarif=app.sarif.',
    });
  }
  if (outputFile !== undefined && single.length === 0) {
    throw usageFailure('--output-file: every format has a file already', {
      hint: 'Add the format of the file with --output FORMAT.',
    });
  }
  const outputs = requested.map((one) =>
    one.file === undefined ? { ...one, file: outputFile } : one,
  );
  const files = outputs.flatMap(({ file }) => file ?? []);
  if (new Set(files).size < files.length) {
    throw usageFailure('--output: two formats would be written to the same file');
  }
  const isChosen = files.length < outputs.length || outputFile !== undefined;
  return isChosen ? outputs : [...outputs, { format: 'table', file: undefined }];
}

/** `name` and other formats of lists do not apply to reports. */
function environmentFormat(text: string | undefined): string {
  return text === undefined || text === 'name' ? 'table' : text;
}

function toOutput(text: string): Output {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const file = at < 0 ? undefined : text.slice(at + 1);
  const format = reportFormats.find((one) => one === (aliases[name] ?? name));
  if (format === undefined) {
    throw usageFailure(
      `--output: expected ${reportFormats.join(', ')}, received ${JSON.stringify(name)}`,
      {
        hint: /[/.]/.test(name)
          ? `--output chooses a format. To write to a file: --output-file ${name} (-O ${name}).`
          : 'Write a format to a file with --output FORMAT --output-file FILE.',
      },
    );
  }
  if (file === '') throw usageFailure(`--output: expected a file name after ${format}=`);
  return { format, file };
}

/** Formats that describe exactly one image. */
export function isSingle({ format }: Output): boolean {
  return format === 'cyclonedx' || format === 'spdx';
}

export interface Written {
  readonly reports: readonly InspectionReport[];
  readonly files: boolean;
  readonly timestamp: string;
  readonly table: () => string;
}

/** Writes the reports in one format to its file or to standard output. */
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

/** The failure when a bill of materials is requested for several images at once. */
export function severalImages({ format }: Output): Error {
  return usageFailure(`--output: ${format} describes one image, and there are several`, {
    hint: `Select a --platform, or write one file for each: --output ${format} --output-file FILE.`,
  });
}

/**
 * `app.cdx.json` becomes `app.linux-arm64.cdx.json`, and `app.linux-arm64-2.cdx.json` where an
 * archive has another image for the platform.
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
    const suffix = count === 1 ? label : `${label}-${count}`;
    return [`${file.slice(0, end)}.${suffix}${file.slice(end)}`, report];
  });
}

function platformLabel({ image }: InspectionReport): string {
  const { os = '', architecture = '', variant } = image?.platform ?? {};
  // the platform is untrusted input that becomes part of a file name
  const parts = [os, architecture, variant ?? ''].map((part) => part.replaceAll(/[^\w.]+/g, '_'));
  const label = parts.filter((part) => part !== '').join('-');
  return label === '' ? 'unknown' : label;
}

async function formatReports(
  format: ReportFormat,
  { reports, files, timestamp, table }: Written,
): Promise<string> {
  if (format === 'table') return table();
  const analysis = await loadAnalysis();
  const [report] = reports;
  const options = { timestamp, files };
  if (format === 'yaml') return formatStructured(analysis.toJsonValue(reports), 'yaml');
  if (format === 'sarif') return toText(analysis.toSarif(reports, options));
  if (format === 'collector') return visibleJson(analysis.toCollectorLines(reports));
  if (format === 'json' || report === undefined) return toText(analysis.toJsonValue(reports));
  const { toCycloneDx, toSpdx } = analysis;
  return toText(format === 'spdx' ? toSpdx(report, options) : toCycloneDx(report, options));
}

/** Escapes control characters, in case the file is shown on a terminal. */
function toText(value: unknown): string {
  return `${visibleJson(JSON.stringify(value, undefined, 2))}\n`;
}

async function writeText(
  invocation: Pick<Invocation, 'shell'>,
  file: string | undefined,
  text: string,
): Promise<void> {
  if (file === undefined) return writeOut(invocation, text);
  await writeWhole(file, toChunks(text));
}

async function* toChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
