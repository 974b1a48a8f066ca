/** A file with its path, as a reader gets it. */
export interface ReaderSample {
  readonly path: string;
  readonly bytes: Buffer;
}

export function sample(path: string, content: string | Buffer): ReaderSample {
  return { path, bytes: Buffer.from(content as Buffer) };
}
