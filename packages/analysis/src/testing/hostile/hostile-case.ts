/**
 * Images built to deceive, to exhaust resources or by mistake, each with the expected result of its
 * inspection. All findings, gaps and the verdict of a case are compared, so that no change goes
 * unnoticed.
 */
import type { InspectionReport } from '@lazaret/protocol';

import type { TarInput } from '../../archive/write-tar.ts';
import { inspect } from '../../inspection/inspect.ts';
import type { InspectOptions } from '../../inspection/inspect.ts';
import { buildImage } from '../image-builder.ts';
import type { ImageInput, LayerInput } from '../image-builder.ts';
import { memorySource } from '../memory-source.ts';

export interface HostileCase {
  readonly name: string;
  build(): ImageInput | Promise<ImageInput>;
  readonly expect: Expectation;
}

export interface Expectation {
  /** `unscanned` unless given: all was examined, without a malware scanner. */
  readonly verdict?: InspectionReport['verdict']['state'];
  /** `f etc/passwd`, `l a -> b`, `f gone by 1`; not compared unless given. */
  readonly files?: readonly string[];
  /** `layer: damaged`, `unpacking: ratio a.zip!/b`; none unless given. */
  readonly gaps?: readonly string[];
  /** `secret a@0`, `path-escape ../x@0`, `secret gone@0 by 1`; none unless given. */
  readonly findings?: readonly string[];
  /** `name@version path`; not compared unless given. */
  readonly packages?: readonly string[];
}

/** A report in the notation of an expectation. */
export interface Outcome extends Required<Expectation> {
  readonly layers: readonly string[];
}

/** Inspects a case in this thread; with the secrets scanner unless given. */
export async function inspectCase(
  { build }: Pick<HostileCase, 'build'>,
  options: Partial<InspectOptions> = {},
): Promise<Outcome> {
  const source = memorySource(await buildImage(await build()));
  const common = { toolVersion: '1', now: () => 0, parallel: 0, files: true };
  const [report] = await inspect(source, { ...common, scanners: { secrets: true }, ...options });
  if (report === undefined) throw new Error('an image without its report');
  return outcomeOf(report);
}

/** The complete expectation, with defaults for omitted fields. */
export function comparable(expected: Expectation, found: Outcome): readonly [unknown, unknown] {
  const { verdict = 'unscanned', gaps = [], findings = [], files, packages } = expected;
  const wanted = {
    verdict,
    gaps,
    findings,
    ...(files && { files }),
    ...(packages && { packages }),
  };
  const reported = {
    ...{ verdict: found.verdict, gaps: found.gaps, findings: found.findings },
    ...(files && { files: found.files }),
    ...(packages && { packages: found.packages }),
  };
  return [wanted, reported];
}

export function outcomeOf(report: InspectionReport): Outcome {
  const { coverage, findings, packages, layers, verdict } = report;
  return {
    verdict: verdict.state,
    files: (report.files ?? []).filter(({ path }) => !path.includes('!/')).map(fileLine),
    gaps: coverage.gaps.map(({ by, reason, path }) => words(`${by}:`, reason, path)),
    findings: findings.map(({ rule, path, layer, hiddenBy }) => {
      const short = rule === 'private-key' ? 'secret' : rule;
      const at = layer === undefined ? '' : `@${layer}`;
      return words(short, `${path ?? ''}${at}`, hiddenBy === undefined ? '' : `by ${hiddenBy}`);
    }),
    packages: packages.map(({ name, version, path, hiddenBy }) =>
      words(`${name}@${version}`, path, hiddenBy === undefined ? '' : `by ${hiddenBy}`),
    ),
    layers: layers.map(({ state }) => state),
  };
}

const letters: Readonly<Record<string, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
};

function fileLine(file: NonNullable<InspectionReport['files']>[number]): string {
  const { type, path, linkPath, hiddenBy } = file;
  const link = linkPath === undefined ? '' : `-> ${linkPath}`;
  return words(letters[type] ?? '?', path, link, hiddenBy === undefined ? '' : `by ${hiddenBy}`);
}

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

/** A private key, as the secrets scanner finds it; invented for tests. */
export const secret = [
  `-----BEGIN RSA ${'PRIVATE'} KEY-----`,
  'MIIEpAIBAAKCAQEA'.repeat(8),
  `-----END RSA ${'PRIVATE'} KEY-----`,
  '',
].join('\n');

export function file(path: string, content: string | Uint8Array = 'x'): TarInput {
  return { path, content: Buffer.from(content) };
}

export function link(path: string, linkPath: string): TarInput {
  return { path, type: 'symlink', linkPath };
}

export function hardLink(path: string, linkPath: string): TarInput {
  return { path, type: 'hardlink', linkPath };
}

export function directory(path: string): TarInput {
  return { path, type: 'directory' };
}

/** An image of layers with these entries, lowest first. */
export function layersOf(...layers: readonly NonNullable<LayerInput['entries']>[]): ImageInput {
  return { layers: layers.map((entries) => ({ entries })) };
}
