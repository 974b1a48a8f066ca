/** What OpenVEX and CSAF documents have in common here: statements that accept a vulnerability. */
import type { PolicyException } from '../evaluation/exceptions.ts';
import { hasVersion } from '../evaluation/match-package.ts';

export interface VexOptions {
  /** Name of the document in results. */
  readonly source: string;
  /** Who accepted the document. */
  readonly owner: string;
  /** When its statements have to be reviewed, RFC 3339. */
  readonly expires: string;
}

export interface VexResult {
  readonly exceptions: readonly PolicyException[];
  /** Statements that do not become exceptions, each with the reason. */
  readonly notes: readonly string[];
}

export class VexError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VexError';
  }
}

/** One statement, in the form of either format. */
export interface VexStatement {
  /** Where it is in the document. */
  readonly where: string;
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  /** purls of the packages; of the image too if it is the product. */
  readonly packages: readonly string[];
  /** Digest of the image that the statement is limited to. */
  readonly image?: string;
  readonly status: string;
  /** Why the vulnerability does not affect the product. */
  readonly justification: string;
}

/** The exceptions of a statement, or a note why there are none. */
export function toVexExceptions(
  statement: VexStatement,
  { source, owner, expires }: VexOptions,
): VexResult {
  const { where, vulnerability, packages, image, status, justification } = statement;
  const ignore = (why: string): VexResult => ({
    exceptions: [],
    notes: [`${where} (${vulnerability}): ${why}`],
  });
  if (status !== 'not_affected' && status !== 'fixed') {
    return ignore(`status "${status}" accepts nothing`);
  }
  if (status === 'not_affected' && justification === '') {
    return ignore('"not_affected" without a justification or impact statement');
  }
  if (packages.length === 0) return ignore('no product with a purl');
  const usable = packages.filter((purl) => status !== 'fixed' || hasVersion(purl));
  if (usable.length === 0) {
    return ignore('"fixed" without versions of the products would accept every version');
  }
  const reason = justification === '' ? `VEX: ${status}` : `VEX: ${status}, ${justification}`;
  const names = [...new Set([vulnerability, ...statement.aliases])];
  const exceptions = names.flatMap((name) =>
    usable.map((purl, index) => ({
      id: `${source} ${where}${usable.length > 1 ? `.${index}` : ''}`,
      ...{ reason, owner, expires, source },
      match: { vulnerability: name, package: purl, ...(image !== undefined && { image }) },
    })),
  );
  return { exceptions, notes: [] };
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
