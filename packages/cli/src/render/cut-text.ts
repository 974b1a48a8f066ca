/** Counts and cuts text by grapheme clusters. */
const segmenter = new Intl.Segmenter();

export function countCharacters(text: string): number {
  return charactersOf(text).length;
}

/** At most `maxChars` characters, ending with an ellipsis if something was cut. */
export function cutText(text: string, maxChars: number): string {
  const characters = charactersOf(text);
  if (characters.length <= maxChars) return text;
  return `${characters.slice(0, Math.max(0, maxChars - 1)).join('')}…`;
}

function charactersOf(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
