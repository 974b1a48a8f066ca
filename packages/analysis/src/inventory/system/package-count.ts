/** Stops reading a database that claims an implausible number of packages. */

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';

/** Counts one per call; throws ReadError above `inventoryLimits.packagesPerDatabase`. */
export function countPackages(): () => void {
  let left: number = inventoryLimits.packagesPerDatabase;
  return () => {
    left -= 1;
    if (left < 0) {
      throw new ReadError('too_many', `more than ${inventoryLimits.packagesPerDatabase} packages`);
    }
  };
}
