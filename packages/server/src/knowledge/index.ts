/** What is known about digests and packages, from all slices. */
export { knowledgeSlice } from './slice.ts';
