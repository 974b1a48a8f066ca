/** The search over everything that the other slices offer to it. */
export { searchSlice } from './slice.ts';
