#!/bin/sh
# packageurl-js 2.0.1 and packageurl-python 0.17.6: both return a canonical package URL, and the
# two differ for common packages. In Debian versions such as 1.1.1n-0+deb11u5, JavaScript leaves
# the plus sign and Python encodes it as %2B; in checksum qualifiers, JavaScript encodes the colon
# and Python does not.
#
# Comparing package URLs as text, as many joins of bills of materials and advisories do, finds no
# match between documents of the two libraries. Compare parsed components instead.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
expect() { # what, expected, got
  [ "$2" = "$3" ] || { printf '%s: expected %s, got %s\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s: %s\n' "$1" "$3"
}

npm install --silent --no-audit --no-fund --ignore-scripts packageurl-js@2.0.1
python3 -m venv venv
venv/bin/pip -q --disable-pip-version-check install packageurl-python==0.17.6
js() {
  node -e 'const { PackageURL } = require("packageurl-js");
    console.log(PackageURL.fromString(process.argv[1]).toString())' "$1"
}
python_() {
  venv/bin/python -c 'import sys; from packageurl import PackageURL
print(PackageURL.from_string(sys.argv[1]).to_string())' "$1"
}

plus='pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5?arch=amd64'
expect 'plus, JavaScript' 'pkg:deb/debian/openssl@1.1.1n-0+deb11u5?arch=amd64' "$(js "$plus")"
expect 'plus, Python' "$plus" "$(python_ "$plus")"
sum='pkg:generic/app@1?checksum=sha1:ab'
expect 'checksum, JavaScript' 'pkg:generic/app@1?checksum=sha1%3Aab' "$(js "$sum")"
expect 'checksum, Python' "$sum" "$(python_ "$sum")"
