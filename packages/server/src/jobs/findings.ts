/**
 * Findings that an engine wrote to `findings.json`. The file comes from a container that examined
 * an untrusted sample: size, number and format are checked, and entries in another format are
 * counted and reported instead of being shown as findings.
 */
import {
  issueMessage,
  engineFinding,
  findingsFile,
  findingsFormat,
  limits,
  severity as severities,
  type EngineFinding,
  type JobArtifact,
  type JobDetail,
  type JobFindings,
  type OperationInput,
  type operations,
  type Severity,
} from '@lazaret/protocol';

import type { BlobStore } from '../blobs/index.ts';

type Query = OperationInput<(typeof operations.jobs)['findings']>['query'];

const problemsListed = 20;
const severityOrder = severities.options;

/** One page of the findings of a job, the most severe first. */
export async function readFindings(
  blobs: BlobStore,
  job: JobDetail,
  query: Query,
): Promise<JobFindings> {
  const artifact = job.artifacts.find(({ path }) => path === findingsFile);
  if (artifact === undefined) return describe(null, nothing, { matched: [], query });
  const parsed = await readFile(blobs, artifact);
  const matched = parsed.findings.filter((finding) => matches(finding, query));
  return describe(artifact, parsed, { matched, query });
}

interface ParsedFindings {
  readonly findings: readonly EngineFinding[];
  readonly invalid: number;
  readonly problems: readonly string[];
  readonly truncated: boolean;
}

const nothing: ParsedFindings = { findings: [], invalid: 0, problems: [], truncated: false };

async function readFile(blobs: BlobStore, artifact: JobArtifact): Promise<ParsedFindings> {
  if (artifact.sizeBytes > limits.findingsBytes) {
    const problem = `the file has ${artifact.sizeBytes} bytes (limit ${limits.findingsBytes})`;
    return { ...nothing, problems: [problem] };
  }
  const bytes = Buffer.concat(await Array.fromAsync(await blobs.open(artifact.sha256)));
  return parseFindings(bytes);
}

/** The findings of a file, the most severe first, and its errors. Never throws. */
export function parseFindings(bytes: Buffer): ParsedFindings {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return { ...nothing, problems: [`expected JSON: ${(error as Error).message.slice(0, 200)}`] };
  }
  const { format, findings, truncated } = (document ?? {}) as Record<string, unknown>;
  if (format !== findingsFormat) {
    const got = JSON.stringify(format)?.slice(0, 100) ?? 'nothing';
    return { ...nothing, problems: [`format: expected "${findingsFormat}", got ${got}`] };
  }
  if (!Array.isArray(findings)) return { ...nothing, problems: ['findings: expected an array'] };
  return { ...checkEntries(findings), truncated: truncated === true };
}

function checkEntries(entries: readonly unknown[]): Omit<ParsedFindings, 'truncated'> {
  const findings: EngineFinding[] = [];
  const problems: string[] = [];
  let invalid = 0;
  if (entries.length > limits.findingsPerJob) {
    const left = entries.length - limits.findingsPerJob;
    problems.push(
      `${left} of ${entries.length} findings are not read (limit ${limits.findingsPerJob})`,
    );
  }
  for (const [index, entry] of entries.slice(0, limits.findingsPerJob).entries()) {
    const parsed = engineFinding.safeParse(entry);
    if (parsed.success) {
      findings.push(parsed.data);
      continue;
    }
    invalid += 1;
    const [issue] = parsed.error.issues;
    const path = [`findings[${index}]`, ...(issue?.path ?? [])].map(String).join('.');
    if (problems.length < problemsListed)
      problems.push(`${path}: ${issue === undefined ? 'invalid' : issueMessage(issue, entry)}`);
  }
  const sorted = findings.toSorted(
    (a, b) => severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity),
  );
  return { findings: sorted, invalid, problems };
}

function matches(finding: EngineFinding, query: Query): boolean {
  if (query.severity !== undefined && !query.severity.includes(finding.severity)) return false;
  const wanted = query.text?.toLowerCase();
  if (wanted === undefined) return true;
  return [finding.rule, finding.message, finding.evidence, finding.path].some(
    (text) => text?.toLowerCase().includes(wanted) === true,
  );
}

function describe(
  artifact: JobArtifact | null,
  parsed: ParsedFindings,
  { matched, query }: { readonly matched: readonly EngineFinding[]; readonly query: Query },
): JobFindings {
  const bySeverity = Object.fromEntries(severityOrder.map((name) => [name, 0])) as Record<
    Severity,
    number
  >;
  for (const { severity } of parsed.findings) bySeverity[severity] += 1;
  const start = Number(query.cursor ?? 0);
  const end = start + query.limit;
  return {
    items: matched.slice(start, end),
    next: end < matched.length ? String(end) : null,
    source:
      artifact === null
        ? null
        : { path: artifact.path, sha256: artifact.sha256, sizeBytes: artifact.sizeBytes },
    total: parsed.findings.length,
    matched: matched.length,
    bySeverity,
    invalid: parsed.invalid,
    problems: [...parsed.problems],
    truncated: parsed.truncated,
  };
}
