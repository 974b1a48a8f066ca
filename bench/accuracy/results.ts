/** The results as text and tables. */
import type { Gap, InspectionReport } from '@lazaret/protocol';

import type { Score } from './compare.ts';
import { explain } from './known.ts';
import type { TestFileResult } from './malware.ts';
import type { Corpus } from './roots.ts';
import type { ImagePlan } from './write-image.ts';

export interface ImageResult {
  readonly plan: ImagePlan;
  readonly report: InspectionReport;
  readonly scores: readonly Score[];
  readonly peers: readonly {
    readonly name: string;
    readonly scores: readonly Score[];
    /** Why it has no result. */
    readonly problem?: string;
  }[];
  /** Whether a package that a layer removed is reported as hidden. */
  readonly isRemovalReported: boolean;
}

export interface CorpusResult {
  readonly corpus: Corpus;
  /** The first was scanned too. */
  readonly images: readonly ImageResult[];
}

const listed = 40;

interface Surroundings {
  readonly testFiles: readonly TestFileResult[];
  readonly machine: string;
  /** The previous results, whose other roots are kept. */
  readonly before: string;
}

export function describeResults(
  results: readonly CorpusResult[],
  { testFiles, machine, before }: Surroundings,
): string {
  const head = [
    ...['# bench/accuracy', '', machine, ''],
    ...['Recall: of the packages that the managers list, how many are found. Precision: of the'],
    ...['packages that are named, how many the managers list.', ''],
  ];
  const last = describeTestFiles(testFiles);
  const sections = new Map(splitSections(before));
  sections.delete(last[0] ?? '');
  for (const result of results) {
    const [title = '', ...lines] = describeCorpus(result);
    sections.set(title, lines);
  }
  const roots = [...sections].flatMap(([title, lines]) => [title, ...lines]);
  return `${[...head, ...roots, ...last].join('\n')}\n`;
}

function splitSections(text: string): [title: string, lines: string[]][] {
  const sections: [string, string[]][] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('## ')) sections.push([line, []]);
    else sections.at(-1)?.[1].push(line);
  }
  return sections;
}

export function describeCorpus({ corpus, images }: CorpusResult): string[] {
  const [first] = images;
  if (first === undefined) return [];
  const rows = [
    ...first.scores.map((score) => row('Lazaret', score)),
    ...first.peers.flatMap(({ name, scores }) => scores.map((score) => row(name, score))),
  ];
  return [
    ...[`## ${corpus.name}`, '', corpus.describe, ''],
    '| tool | ecosystem | listed | found | recall | named | right | precision |',
    '|---|---|--:|--:|--:|--:|--:|--:|',
    ...[...rows, ''],
    ...first.peers.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [`${name} failed: ${problem}`, ''],
    ),
    ...describeImages(images),
    ...first.scores.flatMap((score) => [
      ...list(`missed, ${score.ecosystem}`, score.missed.map(explain)),
      ...list(`surplus, ${score.ecosystem}`, score.surplus.map(explain)),
    ]),
    ...describeUnowned(first.report),
    ...describeFindings(corpus, first.report),
  ];
}

function row(tool: string, score: Score): string {
  const { ecosystem, expected, matched, named, right } = score;
  const recall = expected === 0 ? '' : percent(matched / expected);
  const precision = named === 0 ? '' : percent(right / named);
  const cells = [tool, ecosystem, expected, matched, recall, named, right, precision];
  return `| ${cells.join(' | ')} |`;
}

function describeImages(images: readonly ImageResult[]): string[] {
  const [first] = images;
  const lines = images.map(({ plan, report, scores, isRemovalReported }) => {
    const same = JSON.stringify(scores) === JSON.stringify(first?.scores) ? 'same' : '**OTHER**';
    const removal = isRemovalReported ? 'right' : '**WRONG**';
    const { gapCount, files } = report.coverage;
    const shape = `${plan.shape}, ${plan.layers} layers, ${plan.compression}`;
    return `| ${shape} | ${files} | ${same} | ${removal} | ${gapCount} | ${report.verdict.state} |`;
  });
  return [
    '| image | files | packages | package taken away | gaps | verdict |',
    '|---|--:|---|---|--:|---|',
    ...[...lines, ''],
    ...list('gaps', [
      ...new Set(images.flatMap(({ report }) => report.coverage.gaps.map(gapText))),
    ]),
  ];
}

function gapText({ by, reason, detail, path = '' }: Gap): string {
  return `${by}: ${reason}, ${detail} ${path}`;
}

function describeUnowned({ unowned }: InspectionReport): string[] {
  if (unowned === undefined) return [];
  const kinds = new Map<string, number>();
  for (const path of unowned.paths) {
    const kind = path.endsWith('.pyc') ? 'compiled Python (`.pyc`)' : origin(path);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const parts = [...kinds].toSorted((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind} ${n}`);
  const some =
    unowned.count > unowned.paths.length ? ` (of the first ${unowned.paths.length})` : '';
  return [`Files that no package owns: ${unowned.count}${some}: ${parts.join(', ')}`, ''];
}

/** The origin of a file without a package. */
const origins: readonly (readonly [RegExp, string])[] = [
  [/\.pyc$/, 'compiled Python, made at installation'],
  [/^etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-?$/, 'accounts'],
  [/^etc\/(?:hostname|hosts|resolv\.conf|fstab|apt\/sources\.list)$/, 'the making of the root'],
  [/^(?:etc\/pam\.d|var\/lib\/pam)\//, 'pam-auth-update'],
  [/^var\/(?:cache\/debconf|lib\/apt|cache\/apt)\//, 'records of debconf and apt'],
  [/^var\/lib\/systemd\//, 'deb-systemd-helper'],
  [/^var\/log\//, 'logs'],
  [/^(?:etc|root|usr\/share\/info|var)\//, 'configuration and state written by package scripts'],
];

function origin(path: string): string {
  return origins.find(([pattern]) => pattern.test(path))?.[1] ?? path;
}

function describeFindings(corpus: Corpus, report: InspectionReport): string[] {
  const bad = report.findings.filter(({ class: kind }) => kind !== 'secret');
  const secrets = report.findings.filter(({ class: kind }) => kind === 'secret');
  const loud = secrets.filter(({ severity }) => severity !== 'info');
  const listed = [...bad, ...loud].map(
    ({ scanner, severity, rule, path = '' }) => `${scanner} ${severity} ${rule} ${path}`,
  );
  const verdict = corpus.isClean && bad.length > 0 ? ' **on a clean root**' : '';
  const counts = `${loud.length} secrets above info, ${secrets.length - loud.length} at info`;
  return [
    `Findings of malware and structure: ${bad.length}${verdict}; ${counts}`,
    ...['', ...list('findings', listed)],
  ];
}

export function describeTestFiles(files: readonly TestFileResult[]): string[] {
  const isThere = ({ isFound, members }: TestFileResult): boolean => isFound || members.length > 0;
  const rows = files.map((file) => {
    const { name, isFound, members, gaps } = file;
    const more = members.length > 1 ? ` and ${members.length - 1} more` : '';
    const own = members.length > 0 ? `\`${members[0]}\`${more}` : '';
    const state = isThere(file) ? 'found' : '**MISSED**';
    return `| ${name} | ${state} | ${isFound ? 'yes' : 'no'} | ${own} | ${gaps.join('; ')} |`;
  });
  const closed = files.filter(({ isFound, members }) => isFound && members.length === 0);
  const names = closed.map(({ name }) => name).join(', ');
  const count = `${files.filter(isThere).length} of ${files.length}`;
  return [
    ...['## Test files of ClamAV', ''],
    ...[`${count} are found, by the MD5 of the one program in them.`, ''],
    ...[`Not opened here, found by clamd (${closed.length}): ${names}`, ''],
    '| file | | by the file itself (clamd unpacks) | by members (unpacked here) | gaps |',
    '|---|---|---|---|---|',
    ...[...rows, ''],
  ];
}

function list(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > listed ? [`- and ${items.length - listed} more`] : [];
  return [
    `${items.length} ${title}:`,
    ...items.slice(0, listed).map((one) => `- ${one}`),
    ...more,
    '',
  ];
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
