#!/bin/sh
# vercmp of pacman 6.0.2 (Debian 12): the order of versions is not transitive. With versions that
# pkgver allows, each can be newer than the one before in a circle: 1.0b1 < 1.0b.a < 1.0b. < 1.0b1
#
# The result of sorting versions of Arch packages depends on the order of the input, and "newer
# than the fixed version" does not follow from "newer than a version that is newer than the fixed
# one".
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

deb makepkg=6.0.2-3
vercmp=$work/root/usr/bin/vercmp

expect 'vercmp 1.0b1 1.0b.a' -1 "$("$vercmp" 1.0b1 1.0b.a)"
expect 'vercmp 1.0b.a 1.0b.' -1 "$("$vercmp" 1.0b.a 1.0b.)"
expect 'vercmp 1.0b. 1.0b1' -1 "$("$vercmp" 1.0b. 1.0b1)"
