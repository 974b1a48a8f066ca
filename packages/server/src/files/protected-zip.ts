/**
 * A file that may be malware, packed as analysts exchange it: in a ZIP archive that is encrypted
 * with the password `infected`, so that nothing in transit opens, scans or runs it by accident.
 * Traditional encryption (ZipCrypto) and not AES, because `unzip`, 7-Zip, Python and Windows all
 * open it; the password is public anyway.
 */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';

import { configure, ZipWriter } from '@zip.js/zip.js';

/** The conventional password. */
export const zipPassword = 'infected';

export interface PackedFile {
  /** The name inside the archive, without a path. */
  readonly name: string;
  readonly modifiedAt: Date;
  readonly content: Readable;
}

/** The archive as a stream; fails when the content does. */
export function protectedZip({ name, modifiedAt, content }: PackedFile): Readable {
  // Threads would be started for each file; compression is native, and waits for the reader.
  configure({ useWebWorkers: false });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const zip = new ZipWriter(writable, {
    ...{ password: zipPassword, zipCrypto: true, lastModDate: modifiedAt },
    ...{ extendedTimestamp: false, useUnicodeFileNames: true },
  });
  const written = pack(zip, name, Readable.toWeb(content));
  const out = Readable.fromWeb(readable as unknown as NodeStream<Uint8Array>);
  written.catch((error: unknown) => {
    out.destroy(error instanceof Error ? error : new Error('the archive could not be written'));
  });
  // A reader that stops releases the content as well.
  out.once('close', () => content.destroy());
  return out;
}

async function pack(
  zip: ZipWriter<unknown>,
  name: string,
  content: NodeStream<Uint8Array>,
): Promise<void> {
  await zip.add(name, content as unknown as ReadableStream<Uint8Array>);
  await zip.close();
}
