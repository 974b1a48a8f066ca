/** Tar archives (POSIX ustar) of a few small files, for the calls that take one. */

const BLOCK_BYTES = 512;
const NAME_MAX_BYTES = 100;

/**
 * Packs files; owners and times are zero, so that the same files give the same bytes.
 *
 * @param {{ name: string, bytes: Buffer, executable?: boolean }[]} files `name` is a relative path
 * @returns {Buffer}
 */
export function packFiles(files) {
  const blocks = files.flatMap(({ name, bytes, executable = false }) => {
    const padding = Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [header({ name, sizeBytes: bytes.length, executable }), bytes, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function header({ name, sizeBytes, executable }) {
  if (Buffer.byteLength(name) > NAME_MAX_BYTES) throw new Error(`The name is too long: ${name}`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value, digits) => value.toString(8).padStart(digits, '0');
  block.write(name, 0);
  block.write(octal(executable ? 0o755 : 0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148); // the checksum counts itself as blanks
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
