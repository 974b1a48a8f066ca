/** Metadata of compilers, linkers and build tools in programs, for tests and fuzzing. */
import { deflateSync } from 'node:zlib';

import { loadAddress, peFile, peStart, writer } from '../binary/testing/binary-samples.ts';

const modules = [
  'path\texample.com/tool/cmd/tool',
  'mod\texample.com/tool\t(devel)\th1:abc=',
  'dep\tgolang.org/x/net\tv0.1.0',
  '=>\tgithub.com/fork/net\tv0.2.0\th1:ghi=',
  'build\t-ldflags="-X main.version=1.2.3"',
  'build\tvcs.revision=0123456789abcdef0123',
  '',
].join('\n');
const frame = '0123456789abcdef';

/** The build information of a Go program since Go 1.18. */
export function goInfo(): Buffer {
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:\x08\x02', 'latin1');
  const list = Buffer.from(`${frame}${modules}${frame}`);
  const size = Buffer.from([(list.length & 127) | 128, list.length >> 7]);
  return Buffer.concat([head, Buffer.from('\x08go1.22.1'), size, list]);
}

/** The form before Go 1.18: pointers to pointers. */
export function oldGoInfo(): Buffer {
  const write = writer(false, true);
  const start = loadAddress + 128;
  const bytes = Buffer.alloc(64);
  bytes.write('\xff Go buildinf:\x08\x00', 'latin1');
  write.word(bytes, 16, start + 32);
  write.word(bytes, 24, start + 48);
  write.word(bytes, 32, start + 64);
  write.word(bytes, 40, 6);
  write.word(bytes, 48, start + 70);
  write.word(bytes, 56, modules.length + 32);
  return Buffer.concat([bytes, Buffer.from(`go1.17${frame}${modules}${frame}`)]);
}

/** The crates of a Rust program, as cargo-auditable writes them. */
export function rustList(): Buffer {
  const packages = [
    { name: 'tool', version: '0.1.0', source: 'local', root: true, dependencies: [1] },
    { name: 'serde', version: '1.0.2', source: 'crates.io', kind: 'build' },
  ];
  return deflateSync(JSON.stringify({ packages }), { level: 0 });
}

/** The content of the section `.note.package`. */
export function packageNote(): Buffer {
  const note = { type: 'deb', os: 'debian', name: 'tool', version: '1.0-2', architecture: 'amd64' };
  const text = JSON.stringify(note);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(text.length, 4);
  head.writeUInt32LE(0xcafe1a7e, 8);
  head.write('FDO\0', 12, 'latin1');
  return Buffer.concat([head, Buffer.from(text)]);
}

/** A kernel image of x86 with its version after the header. */
export function kernel(): Buffer {
  const bytes = Buffer.alloc(2_048);
  bytes.write('MZ', 0, 'latin1');
  bytes.writeUInt16LE(0xaa55, 510);
  bytes.write('HdrS', 514, 'latin1');
  bytes.writeUInt16LE(512, 526);
  bytes.write('6.1.0-18-amd64 (root@lab) #1 SMP', 1_024, 'latin1');
  return bytes;
}

/** A .NET assembly with a version resource. */
export function assembly(): Buffer {
  const tree = Buffer.alloc(88);
  for (const [level, at] of [0, 24, 48].entries()) {
    tree.writeUInt16LE(1, at + 14);
    tree.writeUInt32LE([16, 1, 1_033][level] ?? 0, at + 16);
    tree.writeUInt32LE(level === 2 ? 72 : ((at + 24) | 0x80000000) >>> 0, at + 20);
  }
  const resource = versionResource();
  tree.writeUInt32LE(peStart + 88, 72);
  tree.writeUInt32LE(resource.length, 76);
  const bytes = Buffer.concat([tree, resource]);
  const directories = new Map([
    [2, { address: peStart, size: bytes.length }],
    [14, { address: peStart, size: 72 }],
  ]);
  return peFile([{ name: '.rsrc', bytes }], directories);
}

function versionResource(): Buffer {
  const strings = [
    resourceBlock('CompanyName', wide('Lab')),
    resourceBlock('FileVersion', wide('13.0.3.27908')),
    resourceBlock('OriginalFilename', wide('Lab.Json.dll')),
    resourceBlock('ProductVersion', wide('13.0.3+0a2e')),
  ];
  const table = resourceBlock('000004b0', Buffer.alloc(0), ...strings);
  const info = resourceBlock('StringFileInfo', Buffer.alloc(0), table);
  return resourceBlock('VS_VERSION_INFO', Buffer.alloc(52), info);
}

/** Lengths, type, key, value, children, each at a multiple of four. */
function resourceBlock(key: string, value: Buffer, ...children: readonly Buffer[]): Buffer {
  const isText = children.length === 0;
  const head = fill(Buffer.concat([Buffer.alloc(6), wide(key)]));
  const bytes = Buffer.concat([head, fill(value), ...children.map(fill)]);
  bytes.writeUInt16LE(isText ? head.length + value.length : bytes.length, 0);
  bytes.writeUInt16LE(isText ? value.length / 2 : value.length, 2);
  bytes.writeUInt16LE(isText ? 1 : 0, 4);
  return bytes;
}

function fill(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le');
}
