/** The scanner `secrets`: private keys, tokens and passwords in files. */
import { hash } from 'node:crypto';

import { scanLimits } from '../limits.ts';
import type { FileFinding, ScanAnswer, Scanner, ScanSubject } from '../scanner.ts';
import { fileRules } from './file-rules.ts';
import { findSecrets, secretRules } from './find-secrets.ts';
import type { FoundSecret } from './find-secrets.ts';

export interface SecretsOptions {
  /** The most bytes of a file that are searched; the rest is reported as partial. */
  readonly fileBytes?: number;
}

/** Increased when code other than rules changes results. */
const version = 2;
const textKinds: ReadonlySet<string> = new Set([
  ...['text', 'script', 'json', 'xml', 'html', 'php', 'pem', 'rtf', 'postscript'],
]);
/**
 * Compressed, or pictures: they do not contain literals as such; members are separate files.
 */
const passedKinds: ReadonlySet<string> = new Set([
  ...['zip', 'gzip', 'compress', 'zstd', 'xz', 'lz4', 'lzma', 'lzip', 'lzop', 'bzip2', '7z', 'rar'],
  ...['cab', 'rpm', 'deb', 'png', 'jpeg', 'gif', 'tiff', 'ico', 'riff', 'font', 'audio', 'video'],
  ...['empty', 'mo', 'pyc', 'class', 'squashfs', 'git-pack'],
]);

/** Findings of class `secret`. The evidence never contains the secret itself. */
export function createSecretsScanner({
  fileBytes = scanLimits.secretFileBytes,
}: SecretsOptions = {}): Scanner {
  const signatures = describeRules();
  const failed = (reason: 'failed' | 'not_available', detail: string): Promise<ScanAnswer> => {
    return Promise.resolve({ state: 'failed', findings: [], reason, detail, signatures });
  };
  let isOpen = true;
  return {
    id: 'secrets',
    needs: 'bytes',
    // Some files are identified by name, tests and documentation by folder.
    pathMatters: true,
    describe: () =>
      Promise.resolve({
        engine: `Lazaret secrets ${version}`,
        signatures,
        rules: secretRules.length + fileRules.length,
        limits: JSON.stringify([fileBytes, scanLimits.secretFindings, scanLimits.secretPlaces]),
        healthy: isOpen,
        ...(!isOpen && { problem: 'the scanner was closed' }),
      }),
    wants: ({ kind, sizeBytes }) => sizeBytes > 0 && !passedKinds.has(kind),
    scan: (subject, signal) => {
      if (!isOpen) return failed('not_available', 'the scanner was closed');
      if (signal?.aborted === true) return failed('failed', 'cancelled');
      const { bytes } = subject;
      if (bytes === undefined) return failed('not_available', 'the content was not provided');
      return Promise.resolve({ ...examine(bytes, subject, fileBytes), signatures });
    },
    close: () => {
      isOpen = false;
      return Promise.resolve();
    },
  };
}

function examine(
  all: Buffer,
  subject: ScanSubject,
  fileBytes: number,
): Omit<ScanAnswer, 'signatures'> {
  const { path, kind } = subject;
  const bytes = decodeWide(all.subarray(0, fileBytes));
  const { secrets, isCut } = findSecrets(bytes, { path, isBinary: !textKinds.has(kind) });
  const findings = secrets.map(toFinding);
  if (all.length > fileBytes) {
    const detail = `only the first ${fileBytes} bytes were searched for secrets`;
    return { state: 'partial', findings, reason: 'too_large', detail };
  }
  if (!isCut) return { state: 'examined', findings };
  const detail = 'there were too many candidates or too many secrets';
  return { state: 'partial', findings, reason: 'too_many', detail };
}

/** Text with two bytes per character, as on Windows, is converted to one byte per character. */
function decodeWide(bytes: Buffer): Buffer {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return Buffer.from(bytes.toString('utf16le', 2), 'latin1');
  }
  if (bytes[0] !== 0xfe || bytes[1] !== 0xff) return bytes;
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return Buffer.from(even.swap16().toString('utf16le', 2), 'latin1');
}

function toFinding({
  rule,
  title,
  severity,
  line,
  offset,
  masked,
  downgradeReason,
}: FoundSecret): FileFinding {
  return {
    class: 'secret',
    severity,
    rule,
    title,
    line,
    offset,
    evidence: { match: masked, ...(downgradeReason === undefined ? {} : { downgradeReason }) },
  };
}

/** An identity of the rules: patterns, anchors and severities. */
function describeRules(): string {
  const rows = [
    ...secretRules.map(({ id, severity, anchors, pattern, path, binary }) => [
      ...[id, severity, anchors, pattern.source, path?.source, binary],
    ]),
    ...fileRules.map(({ id, severity, path, line }) => [id, severity, path.source, line.source]),
  ];
  const digest = hash('sha256', JSON.stringify([version, rows]));
  return `${rows.length} rules sha256:${digest}`;
}
