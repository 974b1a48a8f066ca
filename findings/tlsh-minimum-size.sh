#!/bin/sh
# TLSH: three packages of the same algorithm disagree on the smallest input and on the form of a
# digest. A file of 300 bytes has a digest with py-tlsh 4.7.2 (from 50 bytes, prefix T1) and with
# Debian's tlsh-tools 3.4.4 (from 256 bytes, no prefix), and none with the npm package tlsh 1.0.8
# (512 bytes).
#
# "No digest" from one tool therefore says nothing about another, and digests have to be compared
# without the prefix.
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

deb tlsh-tools=3.4.4+20151206-1.4+b4 libtlsh0=3.4.4+20151206-1.4+b4
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu"
npm install --silent --no-audit --no-fund --ignore-scripts tlsh@1.0.8
python3 -m venv venv
venv/bin/pip -q --disable-pip-version-check install py-tlsh==4.7.2
for bytes in 49 50 255 256 511 512; do
  awk -v n=$bytes 'BEGIN { srand(1); for (i = 0; i < n; i++) printf "%c", 33 + int(rand() * 90) }' > $bytes
done

debian() { root/usr/bin/tlsh -f "$1" | cut -f1 | grep -oE '^[0-9A-F]{70}$' || echo none; }
node_() {
  node -e 'const { readFileSync } = require("node:fs"), hash = require("tlsh");
    try { console.log(hash(readFileSync(process.argv[1], "latin1"))); } catch { console.log("none"); }' "$1"
}
python_() {
  venv/bin/python -c 'import sys, tlsh
digest = tlsh.hash(open(sys.argv[1], "rb").read()); print("none" if digest == "TNULL" else digest)' "$1"
}
expect 'py-tlsh, 49 bytes' none "$(python_ 49)"
expect 'py-tlsh, 50 bytes' T1 "$(python_ 50 | cut -c1-2)"
expect 'tlsh-tools, 255 bytes' none "$(debian 255)"
expect 'tlsh-tools, 256 bytes' "$(python_ 256)" "T1$(debian 256)"
expect 'npm tlsh, 511 bytes' none "$(node_ 511)"
expect 'npm tlsh, 512 bytes' "$(python_ 512)" "T1$(node_ 512)"
