/**
 * Parses the answer of clamd for a stream. Clean, detected, an error, and a limit reached are four
 * results; the last is reported as an error (the stream is too long) or, when AlertExceedsMax is
 * set, like a detection, and is neither clean nor malware.
 */
import type { GapReason } from '@lazaret/protocol';

import type { FileFinding } from '../scanner.ts';

export type ClamdReply =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'found'; readonly finding: FileFinding }
  | { readonly kind: 'partial'; readonly reason: GapReason; readonly detail: string }
  | { readonly kind: 'error'; readonly detail: string };

/** Reads an answer such as `stream: Win.Test.EICAR_HDB-1 FOUND`. */
export function readReply(answer: string): ClamdReply {
  const text = answer.trim();
  if (text === 'stream: OK') return { kind: 'nothing' };
  const found = /^stream: (.{1,1000}) FOUND$/.exec(text);
  if (found?.[1] !== undefined) return readSignature(found[1]);
  const detail = text.slice(0, 500);
  if (text.startsWith('INSTREAM size limit exceeded')) {
    return { kind: 'partial', reason: 'too_large', detail: 'longer than StreamMaxLength of clamd' };
  }
  return { kind: 'error', detail: detail === '' ? 'an empty answer' : detail };
}

/** Reasons by the suffix of `Heuristics.Limits.Exceeded.MaxFileSize` and similar names. */
const limitReasons: ReadonlyMap<string, GapReason> = new Map([
  ['MaxFileSize', 'too_large'],
  ['MaxScanSize', 'too_large'],
  ['MaxFiles', 'too_many'],
  ['MaxRecursion', 'too_deep'],
  ['MaxScanTime', 'timed_out'],
]);

function readSignature(name: string): ClamdReply {
  if (name.startsWith('Heuristics.Limits.Exceeded')) {
    const last = name.replace('.UNOFFICIAL', '').split('.').at(-1) ?? '';
    const reason = limitReasons.get(last) ?? 'too_large';
    return { kind: 'partial', reason, detail: `clamd reached its limit: ${name}` };
  }
  if (name.startsWith('Heuristics.Encrypted.')) {
    return { kind: 'partial', reason: 'encrypted', detail: `clamd cannot unpack: ${name}` };
  }
  return { kind: 'found', finding: { ...weigh(name), rule: name, title: `ClamAV: ${name}` } };
}

/**
 * PUA: possibly unwanted application. Heuristics are guesses; all other names identify a sample.
 */
function weigh(name: string): Pick<FileFinding, 'class' | 'severity'> {
  if (name.startsWith('PUA.')) return { class: 'dual-use', severity: 'medium' };
  if (name.startsWith('Heuristics.')) return { class: 'malware', severity: 'medium' };
  return { class: 'malware', severity: 'critical' };
}
