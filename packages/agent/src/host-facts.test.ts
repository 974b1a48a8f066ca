import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';

import { parseOsRelease, readHostFacts } from './index.ts';
import { agentLimits } from './limits.ts';

const places: string[] = [];

afterEach(async () => {
  for (const place of places.splice(0)) await rm(place, { recursive: true, force: true });
});

async function makeHost(files: Readonly<Record<string, string>>): Promise<{ root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'lazaret-host-'));
  places.push(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root };
}

test('the facts of this host are read', async () => {
  const facts = await readHostFacts();
  expect(facts.kernel).toBe(release());
  expect(facts.architecture).toBe(process.arch);
  expect(facts.name).not.toBe('');
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
});

test('a host below another root is read there', async () => {
  const place = await makeHost({
    'proc/sys/kernel/hostname': 'harbour\n',
    'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
    'proc/sys/kernel/random/boot_id': '0c2a6c3e-5f0e-4f3a-9f0e-2b7c9d1e4a55\n',
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n',
    'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
  });
  expect(await readHostFacts(place)).toEqual({
    name: 'harbour',
    architecture: process.arch,
    kernel: '6.1.0-18-amd64',
    bootId: '0c2a6c3e-5f0e-4f3a-9f0e-2b7c9d1e4a55',
    cgroupVersion: 2,
    distribution: { id: 'debian', versionId: '12', title: 'Debian GNU/Linux 12 (bookworm)' },
  });
});

test('missing or invalid facts are undefined, never an error', async () => {
  const place = await makeHost({
    'proc/sys/kernel/random/boot_id': 'no id',
    'sys/fs/cgroup/memory/tasks': '',
    'usr/lib/os-release': 'NAME=nameless\n',
  });
  const facts = await readHostFacts(place);
  expect(facts).toMatchObject({ kernel: undefined, bootId: undefined, cgroupVersion: 1 });
  expect(facts.distribution).toBeUndefined();
});

test('a file above the size limit is not read', async () => {
  const place = await makeHost({
    'proc/sys/kernel/osrelease': '6'.repeat(agentLimits.hostFileBytes + 1),
    'proc/sys/kernel/hostname': 'h'.repeat(agentLimits.hostFileBytes),
  });
  const facts = await readHostFacts(place);
  expect(facts.kernel).toBeUndefined();
  expect(facts.name).toHaveLength(agentLimits.hostFileBytes);
});

test('os-release: quotes, escapes, comments and repeated names', () => {
  const text = `# a remark\nID='alpine'\nID=debian\nPRETTY_NAME="a \\"quoted\\" \\$name"\n`;
  expect(parseOsRelease(text)).toEqual({
    id: 'debian',
    versionId: undefined,
    title: 'a "quoted" $name',
  });
});

test('any text is a distribution or none', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, rest) => {
      const found = parseOsRelease(`ID=${id}\n${rest}`);
      expect(found === undefined || found.id !== '').toBe(true);
    }),
  );
});
