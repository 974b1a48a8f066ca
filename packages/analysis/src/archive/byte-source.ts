/**
 * A stream of chunks of any size, read as positions. Nothing is copied unless a block spans two
 * chunks, and nothing is awaited while the current chunk suffices.
 */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #offset = 0;
  #ended = false;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** Bytes consumed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes that can be taken without waiting. */
  get readyBytes(): number {
    return this.#chunk.length - this.#at;
  }

  /** Takes up to `maxBytes` of what is ready, as a view. */
  take(maxBytes: number): Buffer {
    const end = Math.min(this.#at + maxBytes, this.#chunk.length);
    const view = this.#chunk.subarray(this.#at, end);
    this.#offset += end - this.#at;
    this.#at = end;
    return view;
  }

  /** Waits until something is ready; false at the end of the stream. */
  async fill(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      if (this.#ended) return false;
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#ended = true;
        return false;
      }
      const { buffer, byteOffset, byteLength } = next.value;
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
      this.#at = 0;
    }
    return true;
  }

  /** Exactly `sizeBytes`, or fewer at the end of the stream; a view where it can be. */
  async read(sizeBytes: number): Promise<Buffer> {
    if (this.readyBytes === 0) await this.fill();
    if (this.readyBytes >= sizeBytes) return this.take(sizeBytes);
    const pieces: Buffer[] = [];
    let missing = sizeBytes;
    while (missing > 0 && (await this.fill())) {
      const piece = Buffer.from(this.take(missing));
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Skips `sizeBytes`; false when the stream ends before. */
  async skip(sizeBytes: number): Promise<boolean> {
    let missing = sizeBytes;
    while (missing > 0) {
      const step = Math.min(missing, this.readyBytes);
      this.#at += step;
      this.#offset += step;
      missing -= step;
      if (missing > 0 && !(await this.fill())) return false;
    }
    return true;
  }

  /** Releases the stream when it is not read to its end. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }
}
