/** A scanner that finds a word, with configurable results for tests of the walk. */
import type { ScanAnswer, ScanSubject, Scanner, ScannerDescription } from '../scan/scanner.ts';

export interface LiteralScanner extends Scanner {
  /** Paths that were actually scanned, in order. */
  readonly scanned: string[];
}

export interface LiteralOptions {
  readonly word: string;
  readonly signatures?: string;
  readonly needs?: 'bytes' | 'digests';
  readonly healthy?: boolean;
  /** Instead of scanning. */
  readonly answer?: (subject: ScanSubject) => Partial<ScanAnswer>;
}

export function literalScanner({
  word,
  signatures = '1',
  needs = 'bytes',
  healthy = true,
  answer,
}: LiteralOptions): LiteralScanner {
  const scanned: string[] = [];
  const description: ScannerDescription = {
    ...{ engine: 'literal 1', signatures, limits: '', healthy },
    ...(!healthy && { problem: 'configured by the test' }),
  };
  return {
    id: 'literal',
    ...{ needs, scanned },
    describe: () => Promise.resolve(description),
    wants: ({ sizeBytes }) => sizeBytes > 0,
    scan: (subject) => {
      scanned.push(subject.path);
      const found = subject.bytes?.includes(word) === true;
      const finding = { class: 'malware', severity: 'high', rule: word, title: word } as const;
      const findings = found ? [finding] : [];
      return Promise.resolve({ state: 'examined', findings, signatures, ...answer?.(subject) });
    },
    close: () => Promise.resolve(),
  };
}
