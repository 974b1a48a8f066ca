#!/bin/sh
# npm packages tar 7.5.23 and tar-stream 3.2.2: sparse files of GNU tar are extracted wrongly,
# without an error or a warning.
#
# GNU tar -S writes a map of the holes and then the data only. In pax archives (version 1.0 of the
# format) the real name and size are in the pax header. Both packages take the replacement name
# GNUSparseFile.PID/... and return the map and the data as the content: a file of 4 MiB becomes
# one of 4,608 bytes with another digest. From an archive of the older GNU format tar extracts
# nothing at all, and tar-stream returns the data without the holes. GNU tar and Python's tarfile
# restore the file.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
deb() { # name=version ...: extracts Debian packages to ./root, installs nothing
  apt-get -qq -o APT::Sandbox::User=root download "$@"
  for file in *.deb; do dpkg-deb -x "$file" root; rm "$file"; done
}
expect() { # what, expected, got
  [ "$2" = "$3" ] || { printf '%s: expected %s, got %s\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s: %s\n' "$1" "$3"
}

deb tar=1.34+dfsg-1.2+deb12u1
tar=$work/root/bin/tar
npm install --silent --no-audit --no-fund --ignore-scripts tar@7.5.23 tar-stream@3.2.2
truncate -s 1M disk.img
head -c 4096 /dev/zero | tr '\0' D >> disk.img
truncate -s 4M disk.img
"$tar" -S --format=pax -cf pax.tar disk.img
"$tar" -S --format=gnu -cf gnu.tar disk.img
cat > read.mjs <<'END'
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { extract } from 'tar-stream';
import * as tar from 'tar';
const [, , archive] = process.argv;
const entries = [];
const stream = extract();
stream.on('entry', ({ name }, body, next) => {
  let bytes = 0;
  body.on('data', (piece) => (bytes += piece.length));
  body.on('end', () => (entries.push(`${name.replace(/\.\d+\//, '.PID/')} ${bytes}`), next()));
});
await new Promise((end) => createReadStream(archive).pipe(stream).on('finish', end));
mkdirSync('out');
await tar.x({ file: archive, cwd: 'out', strict: true, onwarn: (code) => entries.push(code) });
const files = readdirSync('out', { recursive: true }).filter((name) => statSync(`out/${name}`).isFile());
console.log(`tar-stream: ${entries}`);
console.log(`tar: ${files.map((n) => `${n.replace(/\.\d+\//, '.PID/')} ${statSync(`out/${n}`).size}`)}`);
END

mkdir gnu && "$tar" -xf pax.tar -C gnu
cmp disk.img gnu/disk.img
expect 'GNU tar' 4194304 "$(stat -c %s gnu/disk.img)"
for archive in pax gnu; do
  python3 -c 'import sys, tarfile; sys.stdout.buffer.write(tarfile.open(sys.argv[1]).extractfile("disk.img").read())' \
    $archive.tar | cmp - disk.img
done
node read.mjs pax.tar > pax.out
expect 'pax' 'tar-stream: ./GNUSparseFile.PID/disk.img 4608' "$(sed -n 1p pax.out)"
expect 'pax' 'tar: GNUSparseFile.PID/disk.img 4608' "$(sed -n 2p pax.out)"
rm -r out
node read.mjs gnu.tar > gnu.out
expect 'gnu' 'tar-stream: disk.img 4096' "$(sed -n 1p gnu.out)"
expect 'gnu' 'tar: ' "$(sed -n 2p gnu.out)"
