/**
 * The files of Banyan Collector: `metadata.json`, a sequence of documents that add and remove
 * images of tags, the packages of each image, and what scripts printed in it. `metadata.json` is
 * read one document after the other, as from Collector.
 */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import {
  toCollectorMetadata,
  toCollectorPackages,
  type CollectorChange,
  type CollectorMetadata,
  type CollectorName,
} from '@lazaret/analysis';
import type { Event, InspectionReport } from '@lazaret/protocol';

import { appendWhole, type FilePlace } from './append-file.ts';
import type { Message } from './message.ts';
import type { SendParts, SendResult } from './sender.ts';

const metadataFile = 'metadata.json';
/** Named for the script of Collector that listed packages. */
const packageDirectory = 'pkgextractscript';
/** The part of the image ID in names of files. */
const idStart = /^\w+:[0-9a-f]{12}/;
const indent = 2;

export async function writeCollector(
  messages: readonly Message[],
  place: FilePlace,
  parts: SendParts,
): Promise<SendResult> {
  const missing: string[] = [];
  for (const { event } of messages) {
    if (event.type === 'script.completed') {
      missing.push(...(await writeScriptOutput(event, place.directory, parts)));
      continue;
    }
    const { readReport } = parts;
    const reports = await readReports(event, readReport);
    // Packages first, so that readers of the metadata find them.
    for (const report of event.type === 'arrival.inspected' ? reports.known : []) {
      await writePackages(place.directory, report);
    }
    const changes = describeChanges(event, reports.known);
    const text = changes.map((change) => `${JSON.stringify(change, null, indent)}\n`).join('');
    await appendWhole(join(place.directory, metadataFile), text, place.rotation);
    if (event.type === 'arrival.inspected') missing.push(...reports.missing);
  }
  if (missing.length === 0) {
    return { outcome: 'delivered', status: null, detail: `written to ${place.directory}` };
  }
  const detail = `there is no stored ${missing.join(', ')}`;
  return { outcome: 'rejected', status: null, detail };
}

/** The stored reports of the images of the event. */
async function readReports(
  { type, project, data }: Event,
  readReport: SendParts['readReport'],
): Promise<{ readonly known: InspectionReport[]; readonly missing: string[] }> {
  const { images, previous } = data;
  const digests = type === 'arrival.inspected' ? images : [previous];
  const found = { known: [] as InspectionReport[], missing: [] as string[] };
  for (const digest of Array.isArray(digests) ? (digests as unknown[]) : []) {
    if (typeof digest !== 'string') continue;
    const report = await readReport(project ?? '', digest);
    if (report === undefined) found.missing.push(`report of ${digest}`);
    else found.known.push(report);
  }
  return found;
}

function describeChanges(event: Event, reports: readonly InspectionReport[]): CollectorChange[] {
  const { type, data } = event;
  const name = nameOf(data);
  const known = reports.map((report) => toCollectorMetadata(report, name));
  if (type === 'arrival.inspected') {
    return known.length === 0 ? [] : [{ Action: 'ADD', ImageMetadata: known }];
  }
  const { previous } = data;
  if (typeof previous !== 'string') return [];
  const removed = known.length > 0 ? known : [describeUnknown(previous, name)];
  return [{ Action: 'REMOVE', ImageMetadata: removed }];
}

function nameOf({ address, repository, tag }: Event['data']): CollectorName {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { registry: text(address), repository: text(repository), tag: text(tag) };
}

/** An image without a stored report, such as an index or one that was not inspected. */
function describeUnknown(digest: string, name: CollectorName): CollectorMetadata {
  const { registry, repository, tag } = name;
  return {
    ...{ Image: '', Datetime: '', Repo: repository, Tag: tag, Size: 0, Author: '', Checksum: '' },
    ...{ Comment: '', Parent: '', ManifestHash: digest, Registry: registry },
  };
}

async function writePackages(directory: string, report: InspectionReport): Promise<void> {
  const packages = toCollectorPackages(report);
  await replaceFile(
    join(directory, packageDirectory, `${fileNameOf(report)}-pkgdata.json`),
    `${JSON.stringify(packages, null, indent)}\n`,
  );
}

/** Answers what is no longer stored. */
async function writeScriptOutput(
  { subject: digest, project, data }: Event,
  directory: string,
  { readReport, readScriptOutput }: SendParts,
): Promise<string[]> {
  const run = typeof data['run'] === 'string' ? data['run'] : '';
  const report = await readReport(project ?? '', digest);
  if (report === undefined) return [`report of ${digest}`];
  const output = await readScriptOutput(project ?? '', run);
  if (output === undefined) return [`run ${run}`];
  const name = `${fileNameOf(report)}-miscdata.txt`;
  await replaceFile(join(directory, output.directory, name), output.stdout);
  return [];
}

function fileNameOf(report: InspectionReport): string {
  const [{ Image: id } = { Image: '' }] = toCollectorPackages(report);
  const [name] = idStart.exec(id) ?? [];
  if (name === undefined) throw new Error('the image has no ID');
  return name;
}

/** Readers see the old content or the new one. */
async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  {
    await using file = await open(temporary, 'w', 0o640);
    await file.writeFile(content);
    await file.datasync();
  }
  await rename(temporary, path);
}
