#!/bin/sh
# CVSS 4.0: two npm packages give different scores for the same vector. For a vector of the base
# metrics ae-cvss-calculator 1.0.13 computes 8.6 and @pandatix/js-cvss 0.4.4 computes 8.5. Of
# 31,451 random base vectors that were tried, 114 differed. The Python package cvss 3.6 agrees
# with the first for the two vectors below.
#
# A threshold such as "7.0 and above" can decide differently in two tools that follow one
# specification.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
expect() { # what, expected, got
  [ "$2" = "$3" ] || { printf '%s: expected %s, got %s\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s: %s\n' "$1" "$3"
}

npm install --silent --no-audit --no-fund --ignore-scripts ae-cvss-calculator@1.0.13 @pandatix/js-cvss@0.4.4
python3 -m venv venv
venv/bin/pip -q --disable-pip-version-check install cvss==3.6
# the second package is published as ES modules without file extensions, which Node does not resolve
mkdir js-cvss
for file in node_modules/@pandatix/js-cvss/dist/*.js; do
  sed -E "s#from '(\./[a-z0-9]+)'#from '\1.mjs'#" "$file" > "js-cvss/$(basename "$file" .js).mjs"
done
cat > score.mjs <<'END'
import ae from 'ae-cvss-calculator';
import { CVSS40 } from './js-cvss/index.mjs';
const { Cvss4P0 } = ae.CvssCalculator ?? ae;
for (const vector of process.argv.slice(2)) {
  console.log(new Cvss4P0(vector).calculateScores().overall, new CVSS40(vector).Score());
}
END
python_() { venv/bin/python -c 'import sys; from cvss import CVSS4; print(CVSS4(sys.argv[1]).scores()[0])' "$1"; }

one=CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H
two=CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:A/VC:H/VI:L/VA:N/SC:L/SI:L/SA:N
same=CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N
expect "$one" '8.6 8.5' "$(node score.mjs $one)"
expect "$one, Python" 8.6 "$(python_ $one)"
expect "$two" '5.7 5.6' "$(node score.mjs $two)"
expect "$two, Python" 5.7 "$(python_ $two)"
expect "$same" '9.3 9.3' "$(node score.mjs $same)"
