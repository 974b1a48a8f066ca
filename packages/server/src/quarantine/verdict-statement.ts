/**
 * The verdict on an image as an in-toto statement (version 1). It says nothing about when it was
 * made, so that the same verdict is the same statement, with the same digest.
 */
import type { Severity, VerdictState } from '@lazaret/protocol';

import { worstVerdict, type ImageVerdict } from '../inspection/index.ts';

/** What `predicateType` says; docs/quarantine.md describes the predicate. */
const predicateType = 'urn:lazaret:attestation:verdict:1';
const statementType = 'https://in-toto.io/Statement/v1';
const mediaType = 'application/vnd.in-toto+json';
const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

export interface StatementSubject {
  /** `registry.lab/lab/app` */
  readonly name: string;
  readonly digest: string;
  /** Of an index: its images, without attestations. */
  readonly images: readonly { readonly digest: string; readonly platform: string | null }[];
}

/** Images without a report are listed as unscanned, and count. */
export function makeStatement(subject: StatementSubject, known: readonly ImageVerdict[]): string {
  const images = subject.images.map(({ digest, platform }) => {
    const found = known.find((one) => one.digest === digest);
    return found === undefined ? unscanned(digest, platform) : describeImage(found);
  });
  const [algorithm = '', hex = ''] = subject.digest.split(':');
  const verdict = worstVerdict(images.map((image) => image.verdict)) ?? 'unscanned';
  const inspectedAt =
    known
      .map((one) => one.inspectedAt)
      .toSorted()
      .at(-1) ?? null;
  return JSON.stringify({
    _type: statementType,
    subject: [{ name: subject.name, digest: { [algorithm]: hex } }],
    predicateType,
    predicate: { verdict, inspectedAt, images },
  });
}

function unscanned(digest: string, platform: string | null) {
  return { digest, platform, verdict: 'unscanned' as VerdictState };
}

function describeImage(image: ImageVerdict) {
  const { digest, platform, verdict, complete, inspection, inspectedAt, scanners } = image;
  const findings = Object.fromEntries(
    severities.map((severity, at) => [severity, image.findings[at] ?? 0]),
  );
  return {
    ...{ digest, platform, verdict, complete, findings },
    ...{ inspectedAt, inspection, tool: { name: 'lazaret', version: image.toolVersion }, scanners },
  };
}

/** A statement as an artifact: what consumers of in-toto statements look for. */
export function describeStatement(statement: string) {
  const { predicate } = JSON.parse(statement) as {
    predicate: { verdict: string; inspectedAt: string | null };
  };
  return {
    artifactType: mediaType,
    content: { bytes: Buffer.from(statement), mediaType },
    annotations: {
      'in-toto.io/predicate-type': predicateType,
      'io.lazaret.verdict': predicate.verdict,
      ...(predicate.inspectedAt !== null && {
        'org.opencontainers.image.created': predicate.inspectedAt,
      }),
    },
  };
}
