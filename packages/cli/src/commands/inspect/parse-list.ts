/** Lists in flags: repeated, or separated by commas. */
import { usageFailure } from '../../failure.ts';

/** The values in the order given; throws a usage failure for one that is not allowed. */
export function parseList<T extends string>(
  values: readonly string[],
  known: readonly T[],
  flag: string,
): readonly T[] {
  const words = values.flatMap((value) => value.split(',')).map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const found = known.find((one) => one === word);
      if (found !== undefined) return found;
      throw usageFailure(`${flag}: expected ${known.join(', ')}, received ${JSON.stringify(word)}`);
    });
}
