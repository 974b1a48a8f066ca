/** What a finding's evidence says, flattened for formats that know only text. */
import type { PlacedFinding } from '@lazaret/protocol';

/** Names and values; a list gives its name several times. */
export function evidenceTexts({ evidence }: PlacedFinding): readonly (readonly [string, string])[] {
  return Object.entries(evidence ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [String(value)]).map((text) => [name, text] as const),
  );
}

/** Addresses in the evidence that are whole and lead to the web. */
export function findLinks(finding: PlacedFinding): readonly string[] {
  return evidenceTexts(finding)
    .map(([, text]) => text)
    .filter((text) => /^https?:\/\/[!#-;=?-[\]_a-z~]+$/i.test(text) && URL.canParse(text));
}
