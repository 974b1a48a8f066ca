/** The global search over all slices. */
export { searchSlice } from './slice.ts';
