/** Measures and cuts text by the columns that it takes on a terminal. */
const segmenter = new Intl.Segmenter();
const ascii = /^[\u0020-\u007E]*$/;
/** East Asian wide and fullwidth characters, and emoji. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u;

/** Columns that the text takes on a terminal. */
export function countColumns(text: string): number {
  if (ascii.test(text)) return text.length;
  return charactersOf(text).reduce((sum, character) => sum + columnsOf(character), 0);
}

/** At most `maxColumns` columns, ending with an ellipsis if something was cut. */
export function cutText(text: string, maxColumns: number): string {
  if (countColumns(text) <= maxColumns) return text;
  let kept = '';
  let columns = 0;
  for (const character of charactersOf(text)) {
    columns += columnsOf(character);
    if (columns > maxColumns - 1) break;
    kept += character;
  }
  return maxColumns < 1 ? '' : `${kept}…`;
}

/** As `cutText`, but keeps the end, which distinguishes paths. */
export function cutStart(text: string, maxColumns: number): string {
  if (countColumns(text) <= maxColumns) return text;
  const reversed = charactersOf(text).toReversed();
  let kept = '';
  let columns = 0;
  for (const character of reversed) {
    columns += columnsOf(character);
    if (columns > maxColumns - 1) break;
    kept = character + kept;
  }
  return maxColumns < 1 ? '' : `…${kept}`;
}

function columnsOf(character: string): number {
  return wide.test(character) ? 2 : 1;
}

function charactersOf(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
