/**
 * A rule that matched as a finding. Metadata of rules sets the weight: `severity` as a word, or
 * `score` up to 100; `class` as in findings. A rule without metadata means malware.
 */
import type { Severity } from '@lazaret/protocol';
import { findingClass, severity } from '@lazaret/protocol';

import { scanLimits } from '../limits.ts';
import type { FileFinding } from '../scanner.ts';
import type { RuleSet } from './rule-set.ts';
import type { MatchedString, RuleMatch } from './yara-engine.ts';

/** Words in rules for tools that an administrator may want. */
const dualUse: ReadonlySet<string> = new Set(['dual-use', 'tool', 'hacktool', 'pua', 'riskware']);

/** @param bytes The scanned content, from which the evidence is taken. */
export function describeMatch(match: RuleMatch, rules: RuleSet, bytes: Buffer): FileFinding {
  const { rule, tags, strings } = match;
  const first = strings.toSorted((a, b) => a.offset - b.offset)[0];
  const shown = strings.slice(0, scanLimits.yaraEvidenceStrings).map((one) => quote(one, bytes));
  const reference = textOf(match, 'reference');
  return {
    class: classOf(match),
    severity: severityOf(match),
    rule,
    title: textOf(match, 'description') ?? `YARA: ${rule}`,
    ...(first === undefined ? {} : { offset: first.offset }),
    evidence: {
      file: rules.files[match.file]?.name ?? '',
      ...(tags.length === 0 ? {} : { tags: [...tags] }),
      ...(shown.length === 0 ? {} : { strings: shown }),
      ...(reference === undefined ? {} : { reference }),
    },
  };
}

function textOf({ metadata }: RuleMatch, name: string): string | undefined {
  const value = metadata.get(name);
  return value === undefined || value === '' ? undefined : String(value);
}

function classOf(match: RuleMatch): FileFinding['class'] {
  const words = [textOf(match, 'class'), textOf(match, 'category'), ...match.tags];
  for (const word of words) {
    const known = findingClass.safeParse(word?.toLowerCase());
    if (known.success) return known.data;
    if (word !== undefined && dualUse.has(word.toLowerCase())) return 'dual-use';
  }
  return 'malware';
}

function severityOf(match: RuleMatch): Severity {
  const word = severity.safeParse(textOf(match, 'severity')?.toLowerCase());
  if (word.success) return word.data;
  const score = match.metadata.get('score');
  if (typeof score !== 'number') return 'high';
  if (score >= 90) return 'critical';
  if (score >= 70) return 'high';
  if (score >= 40) return 'medium';
  return score > 0 ? 'low' : 'info';
}

/** `$a at 12: MZ\x90`: printable ASCII unchanged, all else as hexadecimal escapes. */
function quote({ name, offset, sizeBytes }: MatchedString, bytes: Buffer): string {
  const size = Math.min(sizeBytes, scanLimits.yaraEvidenceBytes);
  let text = '';
  for (const byte of bytes.subarray(offset, offset + size)) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `${name} at ${offset}: ${text}${size < sizeBytes ? '...' : ''}`;
}
