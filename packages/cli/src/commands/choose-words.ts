/** Lists of words in flags: repeated, or separated by commas. */
import { usageFailure } from '../failure.ts';

/** The words in the order given, each of them one of those that are known. */
export function chooseWords<T extends string>(
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
