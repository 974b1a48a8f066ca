/**
 * A count with its noun: `1 file`, `1,200 files`. Nouns with an irregular plural give it as `many`.
 */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
