/** Packages made by rpmbuild, put into databases by rpm itself. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const fileCount = 400;

const spec = `
Name: sample
Epoch: 3
Version: 1.2~rc1
Release: 4^git5
Summary: One of several
License: MIT AND Apache-2.0
Vendor: Example
BuildArch: noarch
Requires: /bin/sh
%description
Sample.
%package many
Summary: Many files
Epoch: 0
Requires: sample = 3:%{version}
%description many
Many.
%package -n Other_Name+x
Summary: No files, no epoch of its own
Version: 7
Release: 1
%description -n Other_Name+x
None.
%install
mkdir -p %{buildroot}/opt/sample/many '%{buildroot}/opt/sample/a b'
echo one > %{buildroot}/opt/sample/one
echo two > '%{buildroot}/opt/sample/a b/zwei-ü'
ln -s one %{buildroot}/opt/sample/link
for n in $(seq ${fileCount}); do echo $n > %{buildroot}/opt/sample/many/file-$n; done
%files
"/opt/sample/a b"
/opt/sample/one
/opt/sample/link
%files many
/opt/sample/many
%files -n Other_Name+x
`;

/** Builds the sample packages; returns their files. */
export async function buildPackages(directory: string): Promise<string[]> {
  const file = join(directory, 'sample.spec');
  await writeFile(file, spec);
  const defines = [
    '--define',
    `_topdir ${directory}/build`,
    '--define',
    '__os_install_post %{nil}',
  ];
  await run('rpmbuild', ['-bb', '--quiet', ...defines, file]);
  const made = join(directory, 'build', 'RPMS', 'noarch');
  return (await readdir(made)).map((name) => join(made, name));
}

/** A new database with the packages in it. */
export async function installPackages(place: string, packages: readonly string[]): Promise<void> {
  await mkdir(place);
  const flags = ['--justdb', '--nodeps', '--noscripts', '--ignorearch', '--ignoreos'];
  await run('rpm', [...database(place, 'sqlite'), '-i', ...flags, ...packages]);
}

/** Name, epoch, version, release and architecture of each package, as listed by rpm. */
export async function queryPackages(place: string, backend: string): Promise<string[]> {
  const format = '%{NAME}|%{EPOCHNUM}|%{VERSION}-%{RELEASE}|%{ARCH}\\n';
  return query(place, backend, ['-qa', '--qf', format]);
}

/** Each file with its digest after a space, as listed by rpm. */
export async function queryFiles(place: string, backend: string): Promise<string[]> {
  return query(place, backend, ['-qa', '--qf', '[%{FILENAMES} %{FILEDIGESTS}\\n]']);
}

async function query(place: string, backend: string, words: readonly string[]): Promise<string[]> {
  const { stdout } = await run('rpm', [...database(place, backend), ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

function database(place: string, backend: string): string[] {
  return ['--dbpath', place, '--define', `_db_backend ${backend}`];
}

/** Writes a hash database with Berkeley DB itself, which perl includes: value by value. */
export async function writeBerkeley(file: string, blobs: readonly Buffer[]): Promise<void> {
  const values = `${file}.values`;
  const lengths = blobs.map(({ length }) => String(length));
  await writeFile(values, Buffer.concat(blobs));
  const script = `
    use DB_File; use Fcntl;
    my ($file, $values, @lengths) = @ARGV;
    tie my %hash, 'DB_File', $file, O_RDWR | O_CREAT, 0644, $DB_HASH or die $!;
    open my $in, '<:raw', $values or die $!;
    $hash{pack 'V', 0} = pack 'V', scalar @lengths;
    for my $n (1 .. @lengths) {
      read $in, my $blob, $lengths[$n - 1];
      $hash{pack 'V', $n} = $blob;
    }
    untie %hash;
  `;
  await run('perl', ['-e', script, file, values, ...lengths]);
}
