/**
 * The one table of magic bytes: leading bytes of file formats, written as latin1. Sources: the
 * specification of each format, or what its reference program writes. Inspections and the console
 * detect formats with it. Text formats and formats that need more than their first bytes are
 * detected in format/ and archive/ of the package `analysis`.
 */

/**
 * `[kind, magic, container]`, the more specific of two first. `container` is the archive or
 * compression format that these bytes identify, which needs more bytes than the kind for some; a
 * row without a kind (empty) is for containers only.
 */
export type FileSignature = readonly [kind: string, magic: string, container?: string];

export const fileSignatures: readonly FileSignature[] = [
  // programs
  ['elf', '\x7fELF'],
  ['mach-o', '\xfe\xed\xfa\xce'],
  ['mach-o', '\xfe\xed\xfa\xcf'],
  ['mach-o', '\xce\xfa\xed\xfe'],
  ['mach-o', '\xcf\xfa\xed\xfe'],
  ['mach-o', '\xca\xfe\xba\xbf'],
  ['wasm', '\0asm'],
  ['script', '#!'],
  ['script', '\xef\xbb\xbf#!'],
  ['php', '<?php'],
  ['php', '<?='],
  ['dex', 'dex\n0'],
  ['llvm', 'BC\xc0\xde'],
  ['llvm', '\xde\xc0\x17\x0b'],
  ['lua', '\x1bLua'],
  ['lua', '\x1bLJ'],
  ['beam', 'FOR1'],
  ['pyc', '\x03\xf3\r\n'],
  ['pickle', '\x80\x02'],
  ['pickle', '\x80\x03'],
  ['pickle', '\x80\x04\x95'],
  ['pickle', '\x80\x05\x95'],
  ['lnk', 'L\0\0\0\x01\x14\x02\0'],
  // archives and compression
  ['zip', 'PK\x03\x04', 'zip'],
  ['zip', 'PK\x05\x06', 'zip'],
  ['', 'PK\x07\x08PK', 'zip'],
  ['zip', 'PK\x07\x08'],
  ['', '\x1f\x8b\x08', 'gzip'],
  ['gzip', '\x1f\x8b'],
  ['compress', '\x1f\x9d', 'compress'],
  ['zstd', '\x28\xb5\x2f\xfd', 'zstd'],
  ['xz', '\xfd7zXZ\0', 'xz'],
  ['lz4', '\x04\x22\x4d\x18', 'lz4'],
  ['lzma', '\x5d\0\0'],
  ['lzip', 'LZIP\x01', 'lzip'],
  ['lzop', '\x89LZO\0\r\n\x1a\n', 'lzop'],
  ['deb', '!<arch>\ndebian-binary', 'ar'],
  ['ar', '!<arch>\n', 'ar'],
  ['ar', '!<thin>\n', 'thin-ar'],
  ['cpio', '070701', 'cpio'],
  ['cpio', '070702', 'cpio'],
  ['cpio', '070707', 'cpio'],
  ['cpio', '\xc7\x71'],
  ['cpio', '\x71\xc7'],
  ['rpm', '\xed\xab\xee\xdb', 'rpm'],
  ['7z', '7z\xbc\xaf\x27\x1c', '7z'],
  ['rar', 'Rar!\x1a\x07', 'rar'],
  ['cab', 'MSCF\0\0\0\0', 'cab'],
  ['xar', 'xar!\0', 'xar'],
  ['', '\x60\xea', 'arj'],
  ['', 'ZOO ', 'zoo'],
  ['', 'MSWIM\0\0\0', 'wim'],
  ['', '\x78\x9f\x3e\x22', 'tnef'],
  ['crx', 'Cr24'],
  ['pack200', '\xca\xfe\xd0\x0d'],
  ['git-pack', 'PACK\0\0\0'],
  // disk images
  ['squashfs', 'hsqs', 'squashfs'],
  ['squashfs', 'sqsh', 'squashfs'],
  ['', '\x45\x3d\xcd\x28', 'cramfs'],
  ['', '\x28\xcd\x3d\x45', 'cramfs'],
  ['erofs', '\xe2\xe1\xf5\xe0'],
  ['qcow', 'QFI\xfb'],
  ['vmdk', 'KDMV'],
  ['luks', 'LUKS\xba\xbe'],
  // documents and data
  ['pdf', '%PDF-'],
  ['postscript', '%!PS'],
  ['rtf', '{\\rtf'],
  ['ole', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['chm', 'ITSF\x03\0', 'chm'],
  ['', 'ITSF', 'chm'],
  ['sqlite', 'SQLite format 3\0'],
  ['pem', '-----BEGIN '],
  ['jks', '\xfe\xed\xfe\xed'],
  ['der', '\x30\x82'],
  ['hdf5', '\x89HDF\r\n\x1a\n'],
  ['mo', '\xde\x12\x04\x95'],
  ['mo', '\x95\x04\x12\xde'],
  ['pcap', '\xd4\xc3\xb2\xa1'],
  ['pcap', '\xa1\xb2\xc3\xd4'],
  ['pcap', '\x0a\x0d\x0d\x0a'],
  ['text', '\xff\xfe'],
  ['text', '\xfe\xff'],
  // images, fonts, audio
  ['png', '\x89PNG\r\n\x1a\n'],
  ['jpeg', '\xff\xd8\xff'],
  ['gif', 'GIF87a'],
  ['gif', 'GIF89a'],
  ['tiff', 'II*\0'],
  ['tiff', 'MM\0*'],
  ['ico', '\0\0\x01\0'],
  ['riff', 'RIFF'],
  ['font', 'wOFF\0'],
  ['font', 'wOF2\0'],
  ['font', 'OTTO\0'],
  ['font', '\0\x01\0\0\0'],
  ['audio', 'OggS\0'],
  ['audio', 'fLaC\0'],
  ['audio', 'ID3\x02'],
  ['audio', 'ID3\x03'],
  ['audio', 'ID3\x04'],
];

/**
 * `[kind, pattern, container]`: formats whose magic bytes are not at the start, or match text and
 * need a second look. The pattern applies to the first 512 bytes as latin1.
 */
export const filePatterns: readonly (readonly [
  kind: string,
  pattern: RegExp,
  container?: string,
])[] = [
  // the level, then a block or the end of the stream
  ['bzip2', /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/, 'bzip2'],
  // file size, reserved zeros, offset of the pixels, then the size of a known header
  ['bmp', /^BM[^]{4}\0{4}[^]{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}/],
  ['tar', /^[^]{257}ustar/, 'tar'],
];

/** Compression formats, which contain one file. */
export const streamFormats = ['gzip', 'zstd', 'bzip2', 'xz', 'lzma'] as const;

/** Archive and compression formats whose members can be listed and read. */
export const openedFormats = [...streamFormats, ...(['zip', 'tar', 'ar', 'cpio', 'rpm'] as const)];
export type OpenedFormat = (typeof openedFormats)[number];
