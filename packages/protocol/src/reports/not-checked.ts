/** Kinds of findings that an inspection did not look for, because nothing was configured for it. */
import { malwareScanners, type Coverage } from './coverage.ts';
import { severityOfReason, type Diagnostic } from './diagnostic.ts';

/** The scanner that matches packages with advisories. */
export const vulnerabilityScanner = 'vulnerabilities';

export interface NotChecked {
  readonly what: 'malware' | 'vulnerabilities';
  /** The reason as a sentence. */
  readonly detail: string;
}

/**
 * Complete coverage says nothing about these. Derived from the scanners that were used, so that
 * it also applies to reports that were made before it was recorded as a diagnostic.
 */
export function notChecked({
  coverage: { scanners },
}: {
  readonly coverage: Pick<Coverage, 'scanners'>;
}): readonly NotChecked[] {
  const hasMalware = scanners.some(({ scanner }) => malwareScanners.has(scanner));
  const hasAdvisories = scanners.some(({ scanner }) => scanner === vulnerabilityScanner);
  return [
    ...(hasMalware
      ? []
      : [{ what: 'malware', detail: 'malware not checked: no malware scanner was used' } as const]),
    ...(hasAdvisories
      ? []
      : [
          {
            what: 'vulnerabilities',
            detail: 'vulnerabilities not checked: no advisory database was used',
          } as const,
        ]),
  ];
}

/** The diagnostics of a report about what was not checked. */
export function notCheckedDiagnostics(coverage: Pick<Coverage, 'scanners'>): Diagnostic[] {
  return notChecked({ coverage }).map(({ what, detail }) => ({
    ...{ severity: severityOfReason('not_checked'), by: what, reason: 'not_checked', detail },
  }));
}
