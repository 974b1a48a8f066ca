/** Makes the headers of rpm packages for tests. */

export interface SampleFile {
  readonly directory: string;
  readonly name: string;
  /** SHA-256 in hexadecimal. */
  readonly digest?: string;
}

export interface SamplePackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch?: number;
  readonly architecture?: string;
  readonly files?: readonly SampleFile[];
}

type Tag = readonly [tag: number, type: number, values: readonly (string | number)[]];

/** The blob of a package as stored in databases. */
export function rpmHeader(sample: SamplePackage): Buffer {
  const { name, version, release, epoch, architecture = 'x86_64', files = [] } = sample;
  const directories = [...new Set(files.map(({ directory }) => directory))];
  const tags: Tag[] = [
    [1000, 6, [name]],
    [1001, 6, [version]],
    [1002, 6, [release]],
    ...(epoch === undefined ? [] : ([[1003, 4, [epoch]]] satisfies Tag[])),
    [1011, 6, ['Vendor']],
    [1014, 6, ['MIT']],
    [1022, 6, [architecture]],
    [1035, 8, files.map(({ digest }) => digest ?? '')],
    [1044, 6, [`${name}-src-${version}-${release}.src.rpm`]],
    [1049, 8, ['rpmlib(PayloadIsZstd)', '/bin/sh', 'libc.so.6()(64bit)', '/bin/sh']],
    [1116, 4, files.map(({ directory }) => directories.indexOf(directory))],
    [1117, 8, files.map((file) => file.name)],
    [1118, 8, directories],
    [5011, 4, [8]],
    [5096, 6, ['nodejs:18:820:rhel9']],
  ];
  return headerOf(tags.filter(([, , values]) => values.length > 0));
}

export function headerOf(tags: readonly Tag[]): Buffer {
  const index: Buffer[] = [];
  const store: Buffer[] = [];
  let offset = 0;
  for (const [tag, type, values] of tags) {
    if (type === 4) push(Buffer.alloc((4 - (offset % 4)) % 4));
    index.push(words([tag, type, offset, values.length]));
    for (const value of values) {
      push(typeof value === 'number' ? words([value]) : Buffer.from(`${value}\0`));
    }
  }
  return Buffer.concat([words([tags.length, offset]), ...index, ...store]);

  function push(bytes: Buffer): void {
    store.push(bytes);
    offset += bytes.length;
  }
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeUInt32BE(value >>> 0, 4 * at));
  return bytes;
}
