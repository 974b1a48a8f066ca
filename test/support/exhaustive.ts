/**
 * Tests that combine everything with everything take a part of the combinations, always the same
 * ones, so that a run stays short. `EXHAUSTIVE=1 npm test` takes all of them.
 */
export const isExhaustive: boolean = process.env['EXHAUSTIVE'] === '1';

/**
 * Every third of a list, beginning with another one for each `turn`: over three turns everything is
 * taken.
 */
export function takeThird<T>(all: readonly T[], turn: number): readonly T[] {
  return isExhaustive ? all : all.filter((_, at) => (at + turn) % 3 === 0);
}
