/** Files: content by SHA-256, joined over jobs, artifacts and images, and its bytes. */
export { filesSlice } from './slice.ts';
