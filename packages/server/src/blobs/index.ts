export type { BlobRange, BlobStat, BlobStore, PutOptions, PutResult } from './blob-store.ts';
export { type FileBlobStoreOptions, openFileBlobStore } from './fs.ts';
export { blobsSlice } from './slice.ts';
