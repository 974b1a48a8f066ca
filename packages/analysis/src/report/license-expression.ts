/** Distinguishes licences as declared by packages: identifiers, expressions, and names. */
import { licenseExceptionIds, licenseIds } from './license-ids.ts';

const expressionCharsMax = 2_000;
const expressionDepthMax = 32;

const idByLowerCase = byLowerCase(licenseIds);
const exceptionByLowerCase = byLowerCase(licenseExceptionIds);
const token = /[()]|[^\s()]+/g;
const reference = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+$/;

/** The identifier as the SPDX License List writes it; compared case-insensitively. */
export function findLicenseId(text: string): string | undefined {
  return idByLowerCase.get(text.trim().toLowerCase());
}

/**
 * The canonical text of an SPDX licence expression (SPDX 2.3, Annex D), or undefined when it is
 * invalid or names a licence that is not on the list.
 */
export function readLicenseExpression(text: string): string | undefined {
  if (text.length > expressionCharsMax) return undefined;
  const tokens = text.match(token) ?? [];
  const words: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const word = tokens[at] ?? '';
    if (/^(?:[()]|AND|OR)$/i.test(word)) {
      words.push(word.toUpperCase());
      at += 1;
      continue;
    }
    const operand = readOperand(tokens, at);
    if (operand === undefined) return undefined;
    words.push(operand.text);
    at += operand.tokens;
  }
  if (!isWellFormed(words)) return undefined;
  return words.join(' ').replaceAll('( ', '(').replaceAll(' )', ')');
}

/** Operands with an operator between each two, and brackets that close. */
function isWellFormed(words: readonly string[]): boolean {
  let depth = 0;
  let wantsOperand = true;
  for (const word of words) {
    const isOperand = !['(', ')', 'AND', 'OR'].includes(word);
    if (wantsOperand !== (isOperand || word === '(')) return false;
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth < 0 || depth > expressionDepthMax) return false;
    if (isOperand) wantsOperand = false;
    if (word === 'AND' || word === 'OR') wantsOperand = true;
  }
  return !wantsOperand && depth === 0;
}

/** A licence, with its exception when one follows. */
function readOperand(
  tokens: readonly string[],
  at: number,
): { text: string; tokens: number } | undefined {
  const license = readLicense(tokens[at] ?? '');
  if (license === undefined) return undefined;
  if (tokens[at + 1]?.toUpperCase() !== 'WITH') return { text: license, tokens: 1 };
  const exception = exceptionByLowerCase.get((tokens[at + 2] ?? '').toLowerCase());
  if (exception === undefined) return undefined;
  return { text: `${license} WITH ${exception}`, tokens: 3 };
}

function readLicense(word: string): string | undefined {
  const known = findLicenseId(word);
  if (known !== undefined) return known;
  if (reference.test(word)) return word;
  const orLater = word.endsWith('+') ? findLicenseId(word.slice(0, -1)) : undefined;
  return orLater === undefined ? undefined : `${orLater}+`;
}

function byLowerCase(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(words.map((word) => [word.toLowerCase(), word]));
}
