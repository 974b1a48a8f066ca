/** Tar archives (POSIX ustar) of a few small files, for calls that require one. */

const blockBytes = 512;
const nameBytesMax = 100;

export interface PackedFile {
  /** A relative path, at most 100 bytes. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly executable?: boolean;
}

/** A tar archive; owners and times are zero, so that the same files result in the same bytes. */
export function packFiles(files: readonly PackedFile[]): Buffer {
  const blocks = files.flatMap(({ name, bytes, executable = false }) => {
    const padding = Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes);
    return [header({ name, sizeBytes: bytes.length, executable }), bytes, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

interface Member {
  readonly name: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
}

function header({ name, sizeBytes, executable }: Member): Buffer {
  if (Buffer.byteLength(name) > nameBytesMax)
    throw new Error(`file name longer than ${nameBytesMax} bytes: ${name}`);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  block.write(name, 0);
  block.write(octal(executable ? 0o755 : 0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148); // the checksum counts its own field as blanks
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
