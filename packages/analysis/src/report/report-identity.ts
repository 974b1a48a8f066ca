/** Names of a report that stay the same for equal inspections. */
import { createHash } from 'node:crypto';

import type { InspectionReport, Severity } from '@lazaret/protocol';

import { encodeText } from './components.ts';

/** Options of every report writer. */
export interface ReportOptions {
  /** When the report was made, ISO 8601; writers do not read the clock. */
  readonly timestamp?: string;
  /** Also lists the files, when the report has them. */
  readonly files?: boolean;
}

/** Worst first. */
export const severityOrder: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** The namespace of the identifiers below; any UUID works, as long as it does not change. */
const nameSpace = Buffer.from('9d1f7c1ab6c84d0f8a5e3f2c1b0a9e77', 'hex');

/** A name-based UUID (version 5, RFC 9562) that is derived from the findings and the format. */
export function reportUuid({ fingerprint }: InspectionReport, format: string): string {
  const name = `${format}:${fingerprint}`;
  const bytes = createHash('sha1').update(nameSpace).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  const ends = [0, 8, 12, 16, 20, 32];
  return ends
    .slice(1)
    .map((end, index) => hex.slice(ends[index], end))
    .join('-');
}

/** `linux/arm64/v8`, or undefined for a directory. */
export function platformText({ image }: InspectionReport): string | undefined {
  if (image?.platform === undefined) return undefined;
  const { os, architecture, variant } = image.platform;
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** The display name of the image: its name in the source, or the requested name. */
export function subjectName({ image, source }: InspectionReport): string {
  const name = image?.names[0] ?? source.reference;
  return name === '' ? source.kind : name;
}

/** The package URL of an image, `pkg:oci/app@sha256%3A...`; undefined when it has no digest. */
export function imagePurl(report: InspectionReport): string | undefined {
  const digest = report.image?.manifestDigest;
  if (digest === undefined || report.source.kind !== 'registry') return undefined;
  const [name = ''] = subjectName(report).split('@', 1);
  // a colon after the last slash starts the tag
  const repository = name.replace(/:[^:/]*$/, '');
  const last = repository.split('/').at(-1) ?? '';
  if (last.trim() === '') return undefined;
  const query = `repository_url=${encodeText(repository)}`;
  return `pkg:oci/${encodeText(last.toLowerCase())}@${encodeText(digest)}?${query}`;
}

/** `layer 3`, `layer 3, hidden by layer 5`. */
export function placeText(place: { layer?: number | undefined; hiddenBy?: number | undefined }) {
  if (place.layer === undefined) return '';
  const hidden = place.hiddenBy === undefined ? '' : `, hidden by layer ${place.hiddenBy}`;
  return `layer ${place.layer}${hidden}`;
}
