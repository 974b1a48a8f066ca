/** Roots of other systems: rpm's by its own tools, apk's as its database is written. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Truth } from './compare.ts';
import { output } from './run-program.ts';

const rpmPackages = 120;

/** Packages with every form of version that rpm knows, with files, in a database in SQLite. */
export async function buildRpmRoot(root: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-rpm-'));
  try {
    const spec = join(directory, 'sample.spec');
    await writeFile(spec, rpmSpec());
    const top = ['--define', `_topdir ${directory}/build`, '--define', '__os_install_post %{nil}'];
    await output('rpmbuild', ['-bb', '--quiet', ...top, spec]);
    const made = join(directory, 'build/RPMS/noarch');
    const files = (await readdir(made)).map((name) => join(made, name));
    await mkdir(join(root, 'var/lib/rpm'), { recursive: true });
    const place = ['--root', root, '--dbpath', '/var/lib/rpm', '--define', '_db_backend sqlite'];
    const flags = ['--nodeps', '--noscripts', '--ignorearch', '--ignoreos'];
    await output('rpm', [...place, '-i', ...flags, ...files]);
    await release(root, 'ID=fedora\nVERSION_ID=40\n');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const rpmVersions = ['1.2', '2.0~rc1', '3^20240102git', '0.0.1', '20240102'];

function rpmSpec(): string {
  const packages = Array.from({ length: rpmPackages - 1 }, (_, index) => {
    const at = index + 1;
    const name = `-n part-${at}`;
    const epoch = at % 3 === 0 ? [`Epoch: ${at % 5}`] : [];
    const version = `Version: ${rpmVersions[at % rpmVersions.length]}.${at}`;
    const head = [`%package ${name}`, 'Summary: One', ...epoch, version];
    return [...head, `%description ${name}`, 'One.', `%files ${name}`, `/opt/sample/file-${at}`];
  });
  return [
    ...['Name: sample', 'Version: 1', 'Release: 4.fc40', 'Summary: Many', 'License: MIT'],
    ...['BuildArch: noarch', '%description', 'Many.', ...packages.flat()],
    ...['%install', 'mkdir -p %{buildroot}/opt/sample'],
    `for n in $(seq 0 ${rpmPackages - 1}); do echo $n > %{buildroot}/opt/sample/file-$n; done`,
    ...['%files', '/opt/sample/file-0', ''],
  ].join('\n');
}

/** A database as `apk add` writes it (apk-tools, "APKINDEX and installed database"). */
export async function buildApkRoot(root: string, count: number): Promise<Truth[]> {
  const truths: Truth[] = [];
  const records: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const name = `${['lib', 'py3-', 'so-', '.', ''][at % 5] ?? ''}sample${at}`;
    const version = ['1.2.3', '0.9_rc2', '20240102', '3.14a_p5', '7'][at % 5];
    const whole = `${version}-r${at % 7}`;
    const sum = `Q1${Buffer.alloc(20, at % 250).toString('base64')}`;
    const files = Array.from({ length: at % 4 }, (_, file) => `R:file${at}-${file}\nZ:${sum}\n`);
    records.push(
      `C:${sum}\nP:${name}\nV:${whole}\nA:x86_64\nS:1000\nI:4096\nT:One of many\nL:MIT\n` +
        `o:origin${at % 50}\nF:usr\nF:usr/share/sample${at}\n${files.join('')}\n`,
    );
    truths.push({ ecosystem: 'apk', anyOf: [`${name}@${whole}`] });
  }
  await mkdir(join(root, 'lib/apk/db'), { recursive: true });
  await writeFile(join(root, 'lib/apk/db/installed'), records.join(''));
  await release(root, 'ID=alpine\nVERSION_ID=3.20.1\n');
  return truths;
}

async function release(root: string, text: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'etc/os-release'), text);
}
