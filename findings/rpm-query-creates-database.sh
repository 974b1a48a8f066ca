#!/bin/sh
# rpm 4.18 (Debian 12): a query writes. `rpm --dbpath DIR -qa` on a root without a database exits
# with 0, lists nothing, and leaves a new, empty database behind.
#
# Querying an image root or a read-only evidence copy with a wrong path therefore neither fails
# nor leaves the root unchanged, and a second look finds a database that the image never had.
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

deb rpm=4.18.0+dfsg-1+deb12u1 rpm-common=4.18.0+dfsg-1+deb12u1 librpm9=4.18.0+dfsg-1+deb12u1 \
  librpmio9=4.18.0+dfsg-1+deb12u1 libpopt0=1.19+dfsg-1 liblua5.3-0=5.3.6-2 \
  libsqlite3-0 libgcrypt20 libgpg-error0
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu"
export RPM_CONFIGDIR="$work/root/usr/lib/rpm" HOME="$work"
rpm=$work/root/usr/bin/rpm
mkdir image

code=0
"$rpm" --dbpath "$work/image" -qa > out 2> err || code=$?
expect 'version' 'RPM version 4.18.0' "$("$rpm" --version)"
expect 'exit code' 0 $code
expect 'packages listed' 0 "$(wc -l < out)"
expect 'error lines' 0 "$(wc -l < err)"
expect 'created' 'rpmdb.sqlite' "$(ls image | grep -x rpmdb.sqlite)"
expect 'format' 'SQLite format 3' "$(head -c 15 image/rpmdb.sqlite)"
