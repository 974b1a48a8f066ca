/** The evidence of a finding, flattened for formats that only support text. */
import type { PlacedFinding } from '@lazaret/protocol';

/** Names and values; a list repeats its name. */
export function evidenceTexts({ evidence }: PlacedFinding): readonly (readonly [string, string])[] {
  return Object.entries(evidence ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [String(value)]).map((text) => [name, text] as const),
  );
}

/** Complete web addresses in the evidence. */
export function findLinks(finding: PlacedFinding): readonly string[] {
  return evidenceTexts(finding)
    .map(([, text]) => text)
    .filter((text) => /^https?:\/\/[!#-;=?-[\]_a-z~]+$/i.test(text) && URL.canParse(text));
}
