/**
 * Releases the memory of a consumed chunk at once. Left to the garbage collector, gigabytes of
 * chunks cause so many full collections that they took a third of the time of a walk. Nothing may
 * access the chunk, or any view of its memory, afterwards.
 */
export function releaseMemory({ buffer, byteOffset, byteLength }: Uint8Array): void {
  // Small buffers are in the pool of Node and must not be released.
  const isOwn = buffer.byteLength >= ownBytes && byteOffset + byteLength === buffer.byteLength;
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

const ownBytes = 256 * 1024;
