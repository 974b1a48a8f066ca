#!/bin/sh
# hashdeep 4.4 (Debian 12): the audit of an unchanged directory fails when a file name contains a
# line break, which POSIX allows.
#
# hashdeep writes names into its list without quoting, so one file becomes two lines. Reading its
# own list back, it takes the first line as the name and reports the file as moved and the other
# half as missing. Names with commas and with leading or trailing spaces are read back correctly.
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

deb hashdeep=4.4-7.1+b1
bin=$work/root/usr/bin/hashdeep
mkdir plain broken
printf hello > 'plain/with,comma'
printf hello > 'plain/ with spaces '
printf hello > "broken/$(printf 'with\nline break')"

for name in plain broken; do
  (cd $name && "$bin" -r -l . > "../$name.txt")
done
code=0
(cd plain && "$bin" -r -l -a -k ../plain.txt . > ../plain.out) || code=$?
expect 'commas and spaces, exit code' 0 $code
expect 'commas and spaces' 'hashdeep: Audit passed' "$(cat plain.out)"
code=0
(cd broken && "$bin" -r -l -a -vv -k ../broken.txt . > ../broken.out) || code=$?
expect 'line break, exit code' 1 $code
expect 'line break' 'hashdeep: Audit failed' "$(grep Audit broken.out)"
expect 'reported as' 'line break: Moved from ./with' "$(grep 'Moved from' broken.out)"
