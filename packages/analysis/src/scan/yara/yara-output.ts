/**
 * Parses the output of `yara --print-namespace --print-tags --print-meta --print-strings
 * --print-string-length`: a line for each rule, then one for each of its matches.
 */

import { scanLimits } from '../limits.ts';
import type { MatchedString, RuleMatch } from './yara-engine.ts';

const ruleLine = /^f(\d{1,9}):(\w{1,200}) \[([^\]]*)\] \[(.*)\] \/proc\/self\/fd\/0$/;
const stringLine = /^0x([0-9a-f]{1,16}):(\d{1,15}):(\$\w*): /;
const metadataPair = /(\w+) ?=(?:"((?:[^"\\]|\\.)*)"|(true|false)|(-?\d+))(?:,|$)/y;

type Building = RuleMatch & { readonly strings: MatchedString[] };

/** Rules in the order in which they are printed. Throws on a line that is neither. */
export function readYaraOutput(text: string): RuleMatch[] {
  const matches: Building[] = [];
  let strings: StringList | undefined;
  for (const line of text.split('\n')) {
    const rule = readRule(line);
    if (rule !== undefined) {
      matches.push(rule);
      strings = new StringList(rule.strings);
    } else if (strings?.add(line) !== true && line !== '') {
      throw new Error(`unexpected output line of yara: ${line.slice(0, 200)}`);
    }
  }
  return matches;
}

function readRule(line: string): Building | undefined {
  const parts = ruleLine.exec(line);
  if (parts === null) return undefined;
  const [, file = '', rule = '', tags = '', metadata = ''] = parts;
  return {
    file: Number(file),
    rule,
    tags: tags.split(',').filter((tag) => tag !== ''),
    metadata: readMetadata(metadata),
    strings: [],
  };
}

/** The first matches of each string of a rule. */
class StringList {
  readonly #strings: MatchedString[];
  readonly #counts = new Map<string, number>();

  constructor(strings: MatchedString[]) {
    this.#strings = strings;
  }

  /** False when the line is not a match. */
  add(line: string): boolean {
    const parts = stringLine.exec(line);
    if (parts === null) return false;
    const [, at = '', size = '', name = ''] = parts;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count > scanLimits.yaraPatternMatches) return true;
    this.#strings.push({ name, offset: Number.parseInt(at, 16), sizeBytes: Number(size) });
    return true;
  }
}

function readMetadata(text: string): Map<string, string | number | boolean> {
  const metadata = new Map<string, string | number | boolean>();
  metadataPair.lastIndex = 0;
  for (let pair = metadataPair.exec(text); pair !== null; pair = metadataPair.exec(text)) {
    const [, name = '', quoted, truth, integer] = pair;
    if (quoted !== undefined) metadata.set(name, unescape(quoted));
    else if (truth !== undefined) metadata.set(name, truth === 'true');
    else metadata.set(name, Number(integer));
  }
  return metadata;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescape(text: string): string {
  const bytes = text.replaceAll(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return escapes[code] ?? code;
  });
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
