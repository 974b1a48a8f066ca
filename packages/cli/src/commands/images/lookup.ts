/** Looks up digests and packages in what the server has stored, many at once. */
import { createReadStream } from 'node:fs';
import { text as readText } from 'node:stream/consumers';

import { limits, operations, type Knowledge } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { usageFailure } from '../../failure.ts';
import { toFileFailure } from '../../files/upload-file.ts';
import { printList } from '../../render/print.ts';

const columns = [
  ...['indicator', 'verdict', 'found', 'images.count', 'jobs.count', 'tags.count', 'where'],
];

export async function runLookup(invocation: Invocation): Promise<number> {
  const indicators = await readIndicators(invocation);
  const { client } = await invocation.connect();
  const project = flagText(invocation.flags, 'project');
  const items: Knowledge[] = [];
  for (let at = 0; at < indicators.length; at += limits.lookupIndicators) {
    const part = indicators.slice(at, at + limits.lookupIndicators);
    const body = { indicators: part, ...(project !== undefined && { project }) };
    const answer = await client.call(operations.lookups.run, { body }, { signal: callTimeout() });
    items.push(...answer.items);
  }
  const shown = flagOn(invocation.flags, 'known') ? items.filter(({ known }) => known) : items;
  const isTable = invocation.settings.output === 'table';
  await printList(invocation, isTable ? shown.map(toRow) : shown, columns);
  return items.some(({ verdict }) => verdict === 'malicious') ? exitCodes.malicious.code : 0;
}

function toRow(item: Knowledge): object {
  const [finding] = item.findings;
  const [tag] = item.tags.items;
  const [image] = item.images.items;
  const name = tag === undefined ? image?.name : `${tag.registry}/${tag.repository}:${tag.tag}`;
  return {
    ...item,
    verdict: item.verdict ?? (item.known ? 'none' : 'unknown'),
    found: finding === undefined ? null : `${finding.scanner}: ${finding.rule}`,
    where: name === undefined || name === null ? image?.digest : withPath(name, image?.path),
  };
}

function withPath(name: string, path: string | null | undefined): string {
  return path === null || path === undefined ? name : `${name} /${path}`;
}

/** Arguments, and the lines of files; empty lines and comments are skipped. */
async function readIndicators({ shell, flags, arguments: given }: Invocation): Promise<string[]> {
  const path = flagText(flags, 'file');
  const fromStdin = given.includes('-');
  const sources = [
    ...(path === undefined ? [] : [createReadStream(path)]),
    ...(fromStdin ? [shell.stdin] : []),
  ];
  const lines: string[] = [];
  for (const source of sources) {
    const content = await readText(source).catch((error: unknown) => {
      throw toFileFailure(error, path ?? '-');
    });
    lines.push(...content.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim()));
  }
  const all = [...given.filter((one) => one !== '-'), ...lines].filter((line) => line !== '');
  if (all.length > 0) return all;
  throw usageFailure('expected a digest or a purl, as an argument, in --file or on standard input');
}
