#!/bin/sh
# @bufbuild/cel 0.6.1 (CEL for JavaScript): `timestamp(int)` reads milliseconds, while `int(timestamp)`
# writes seconds, so a time does not survive the way there and back. cel-go, which Kubernetes uses,
# counts seconds in both directions. A condition such as `t < timestamp(1700000000)` compares with January
# 1970 and is silently false.
#
# Parts of a time are computed in the time zone of the process: where clocks are changed, an hour that
# does not exist locally is read as the next one, although CEL says UTC.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @bufbuild/cel@0.6.1 @bufbuild/protobuf@2.17.0

cat >check.mjs <<'SCRIPT'
import { isCelError, run } from '@bufbuild/cel';

function check(title, actual, expected) {
  console.log(`${title}: ${actual}`);
  if (String(actual) === expected) return;
  console.error(`expected ${expected}: the behaviour has changed`);
  process.exit(1);
}

const show = (value) => (isCelError(value) ? `error: ${value.message}` : value);
check('timestamp(1700000000)', show(run('string(timestamp(1700000000))')), '1970-01-20T16:13:20Z');
check(
  'int(timestamp("2023-11-14T22:13:20Z"))',
  show(run('int(timestamp("2023-11-14T22:13:20Z"))')),
  '1700000000',
);
check(
  'there and back is the same time',
  show(run('timestamp(int(timestamp("2023-11-14T22:13:20Z"))) == timestamp("2023-11-14T22:13:20Z")')),
  'false',
);
check(
  'getHours() of 02:30 UTC where TZ is Europe/Berlin',
  show(run('timestamp("2026-03-29T02:30:00Z").getHours()')),
  '3',
);
SCRIPT
TZ=Europe/Berlin node check.mjs
