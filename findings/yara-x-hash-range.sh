#!/bin/sh
# YARA 4.5.4 and YARA-X 1.9.0 (Python packages yara-python and yara-x): a range that runs past the
# end of the file. YARA shortens it, so hash.md5(0, 200) of a file of 100 bytes is the digest of
# the file. In YARA-X the hash module returns undefined for the same call, while its math module
# shortens the range.
#
# Rules with a fixed length, such as hash.md5(0, 1024), match small files in one and not in the
# other.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
expect() { # what, expected, got
  [ "$2" = "$3" ] || { printf '%s: expected %s, got %s\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s: %s\n' "$1" "$3"
}

python3 -m venv venv
venv/bin/pip -q --disable-pip-version-check install yara-python==4.5.4 yara-x==1.9.0
cat > scan.py <<'END'
import sys, yara, yara_x
rule = 'import "hash" import "math" rule r { condition: %s }' % sys.argv[1]
data = b"A" * 100
print("YARA", bool(yara.compile(source=rule).match(data=data)),
      "YARA-X", bool(yara_x.compile(rule).scan(data).matching_rules))
END
scan() { venv/bin/python scan.py "$1"; }

expect 'exact range' 'YARA True YARA-X True' "$(scan 'hash.md5(0, 100) == hash.md5(0, filesize)')"
expect 'hash past the end' 'YARA True YARA-X False' "$(scan 'hash.md5(0, 200) == hash.md5(0, filesize)')"
expect 'hash is defined' 'YARA True YARA-X False' "$(scan 'defined hash.sha256(0, filesize + 1)')"
expect 'mean past the end' 'YARA True YARA-X True' "$(scan 'math.mean(0, 200) == 65.0')"
