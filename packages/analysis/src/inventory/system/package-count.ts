/** Ends the reading of a database that claims more packages than any system has. */
import { limits } from '@lazaret/protocol';

import { ReadError } from '../reader.ts';

/** Counts one more with each call; throws ReadError behind `limits.packagesPerDatabase`. */
export function countPackages(): () => void {
  let left: number = limits.packagesPerDatabase;
  return () => {
    left -= 1;
    if (left < 0) {
      throw new ReadError('too_many', `more than ${limits.packagesPerDatabase} packages`);
    }
  };
}
