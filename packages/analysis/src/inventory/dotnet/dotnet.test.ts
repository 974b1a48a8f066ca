import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { peFile, peStart } from '../binary/testing/binary-samples.ts';
import { dotnetAssemblyReader, parseVersionStrings } from './dotnet-assembly.ts';
import { dotnetDependenciesReader, nugetLockReader } from './dotnet.ts';
import { packagesOf, purlsOf, readFacts, unknownsOf } from '../testing/read-facts.ts';

const published = {
  runtimeTarget: { name: '.NETCoreApp,Version=v8.0' },
  targets: {
    '.NETCoreApp,Version=v8.0': {
      'App/1.0.0': { dependencies: { 'Newtonsoft.Json': '13.0.3' }, runtime: { 'App.dll': {} } },
      'Newtonsoft.Json/13.0.3': {},
    },
  },
  libraries: {
    'App/1.0.0': { type: 'project', serviceable: false, sha512: '' },
    'Newtonsoft.Json/13.0.3': { type: 'package', serviceable: true, sha512: 'x' },
    'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1': { type: 'runtimepack' },
    'System.Local/1.0.0': { type: 'reference' },
  },
};

describe('deps.json', () => {
  test('lists what was published, without files of the build machine', async () => {
    const facts = await readFacts(
      dotnetDependenciesReader,
      'a/App.deps.json',
      JSON.stringify(published),
    );
    expect(purlsOf(facts)).toEqual([
      'pkg:nuget/App@1.0.0',
      'pkg:nuget/Newtonsoft.Json@13.0.3',
      'pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1',
    ]);
    expect(packagesOf(facts)[0]).toMatchObject({
      state: 'installed',
      dependsOn: ['Newtonsoft.Json'],
    });
  });

  test('in the folder of a runtime identifies the runtime', async () => {
    const path =
      'usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json';
    const facts = await readFacts(dotnetDependenciesReader, path, '{"libraries":{}}');
    expect(purlsOf(facts)).toEqual(['pkg:nuget/Microsoft.NETCore.App@8.0.1']);
  });

  test.each(['{', '[]', '{"libraries":{"no version":{}}}'])(
    'that is damaged is reported: %s',
    async (text) => {
      const facts = await readFacts(dotnetDependenciesReader, 'a.deps.json', text);
      expect(unknownsOf(facts)).toMatchObject([{ reason: 'damaged' }]);
    },
  );

  test('with the name of a prototype is data like any other', async () => {
    const text = '{"libraries":{"__proto__/1.0":{"type":"package"},"constructor":{}}}';
    const facts = await readFacts(dotnetDependenciesReader, 'a.deps.json', text);
    expect(packagesOf(facts)).toMatchObject([{ name: '__proto__', version: '1.0' }]);
  });
});

describe('lock files of NuGet', () => {
  test('declare packages, each once', async () => {
    const entry = { type: 'Direct', resolved: '13.0.3', dependencies: { B: '1.0' } };
    const frameworks = { net8: { A: entry, App: { type: 'Project' } }, net6: { A: entry } };
    const text = JSON.stringify({ version: 1, dependencies: frameworks });
    const facts = packagesOf(await readFacts(nugetLockReader, 'src/packages.lock.json', text));
    expect(facts).toMatchObject([
      { purl: 'pkg:nuget/A@13.0.3', state: 'declared', foundBy: 'lock-file', dependsOn: ['B'] },
    ]);
  });

  test('of restored projects declare packages', async () => {
    const facts = await readFacts(
      nugetLockReader,
      'obj/project.assets.json',
      JSON.stringify(published),
    );
    expect(packagesOf(facts).map(({ state }) => state)).toContain('declared');
  });

  test('of the old format are XML', async () => {
    const text = '<?xml version="1.0"?><packages><package id="jQuery" version="3.1.1"/></packages>';
    const facts = await readFacts(nugetLockReader, 'packages.config', text);
    expect(purlsOf(facts)).toEqual(['pkg:nuget/jQuery@3.1.1']);
  });

  test.each(['no', '<packages>', `<packages>${'<a b=>'.repeat(200_000)}`, '<a>'.repeat(500_000)])(
    'that are not XML are reported: %#',
    async (text) => {
      const facts = await readFacts(nugetLockReader, 'packages.config', text);
      expect(unknownsOf(facts)).toMatchObject([{ reason: 'damaged' }]);
    },
  );

  test('that end too early keep what was read', async () => {
    const text = '<packages><package id="jQuery" version="3.1.1"/><pack';
    const facts = await readFacts(nugetLockReader, 'packages.config', text);
    expect([purlsOf(facts), unknownsOf(facts).length]).toEqual([['pkg:nuget/jQuery@3.1.1'], 1]);
  });
});

function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le');
}

/** A block of a version resource: lengths, type, key, value, children. */
function block(key: string, value: Buffer, ...children: Buffer[]): Buffer {
  const pad = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const isText = children.length === 0 && key !== 'VS_VERSION_INFO';
  const head = pad(Buffer.concat([Buffer.alloc(6), wide(key)]));
  const bytes = Buffer.concat([head, pad(value), ...children.map(pad)]);
  bytes.writeUInt16LE(children.length === 0 ? head.length + value.length : bytes.length, 0);
  bytes.writeUInt16LE(isText ? value.length / 2 : value.length, 2);
  bytes.writeUInt16LE(isText ? 1 : 0, 4);
  return bytes;
}

function versionResource(texts: Record<string, string>): Buffer {
  const strings = Object.entries(texts).map(([key, text]) => block(key, wide(text)));
  const table = block('000004b0', Buffer.alloc(0), ...strings);
  const info = block('StringFileInfo', Buffer.alloc(0), table);
  const translation = block('VarFileInfo', Buffer.alloc(0), block('Translation', Buffer.alloc(4)));
  return block('VS_VERSION_INFO', Buffer.alloc(52), translation, info);
}

function assembly(resource: Buffer, isManaged = true): Buffer {
  const tree = Buffer.alloc(88);
  [
    [0, 16],
    [24, 1],
    [48, 1033],
  ].forEach(([at = 0, id = 0], level) => {
    tree.writeUInt16LE(1, at + 14);
    tree.writeUInt32LE(id, at + 16);
    tree.writeUInt32LE(level === 2 ? 72 : ((at + 24) | 0x80000000) >>> 0, at + 20);
  });
  tree.writeUInt32LE(peStart + 88, 72);
  tree.writeUInt32LE(resource.length, 76);
  const bytes = Buffer.concat([tree, resource]);
  const directories = new Map([[2, { address: peStart, size: bytes.length }]]);
  if (isManaged) directories.set(14, { address: peStart, size: 72 });
  return peFile([{ name: '.rsrc', bytes }], directories);
}

describe('an assembly', () => {
  const texts = {
    CompanyName: 'Newtonsoft',
    FileVersion: '13.0.3.27908',
    OriginalFilename: 'Newtonsoft.Json.dll',
    ProductVersion: '13.0.3+0a2e291c0d9c0c7675d445703e51750363a549ef',
  };

  test('has its version in its resources', async () => {
    const bytes = assembly(versionResource(texts));
    const facts = packagesOf(
      await readFacts(dotnetAssemblyReader, 'app/Newtonsoft.Json.dll', bytes),
    );
    expect(facts).toMatchObject([
      { purl: 'pkg:nuget/Newtonsoft.Json@13.0.3', supplier: 'Newtonsoft', foundBy: 'metadata' },
    ]);
  });

  test('whose product version is text has that of its file', async () => {
    const bytes = assembly(versionResource({ ...texts, ProductVersion: 'the best' }));
    const [fact] = packagesOf(await readFacts(dotnetAssemblyReader, 'a.dll', bytes));
    expect(fact?.version).toBe('13.0.3.27908');
  });

  test('of another kind is not a .NET package', async () => {
    const bytes = assembly(versionResource(texts), false);
    expect(await readFacts(dotnetAssemblyReader, 'a.dll', bytes)).toEqual([]);
  });

  test('may be damaged anywhere: reading ends without an error', async () => {
    const whole = assembly(versionResource(texts));
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(edits, fc.uint8Array({ maxLength: 200 }), async (changes, junk) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        await readFacts(dotnetAssemblyReader, 'a.dll', bytes);
        parseVersionStrings(Buffer.from(junk));
      }),
    );
  });
});

test('whatever the text, reading ends and fails with ReadError only', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
      await readFacts(dotnetDependenciesReader, 'a.deps.json', text);
      for (const name of ['packages.lock.json', 'project.assets.json', 'packages.config']) {
        await readFacts(nugetLockReader, name, text);
      }
    }),
  );
});
