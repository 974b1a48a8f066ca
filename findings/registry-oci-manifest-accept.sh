#!/bin/sh
# docker-registry 2.8.2 (Debian 12): a request with "Accept: */*", as curl sends it, for an OCI
# manifest answers 404 MANIFEST_UNKNOWN although the tag exists. Only an Accept header that names
# the media type finds it; HTTP would let a wildcard match.
#
# A check that treats 404 as "deleted" removes every OCI image from its records.
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

deb docker-registry=2.8.2+ds1-1
port=$((20000 + $$ % 20000))
cat > config.yml <<END
version: 0.1
storage: { filesystem: { rootdirectory: $work/data } }
http: { addr: "127.0.0.1:$port" }
END
root/usr/bin/docker-registry serve config.yml > log 2>&1 &
registry=$!
trap 'kill $registry; rm -rf "$work"' EXIT
api=http://127.0.0.1:$port/v2
curl -s -o /dev/null --retry 20 --retry-connrefused --retry-delay 1 "$api/"

config='{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
digest=sha256:$(printf %s "$config" | sha256sum | cut -c1-64)
upload=$(curl -si -X POST "$api/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
printf %s "$config" | curl -s -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' \
  --data-binary @- "$upload&digest=$digest"
type=application/vnd.oci.image.manifest.v1+json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[]}' \
  $type application/vnd.oci.image.config.v1+json "$digest" ${#config} > manifest.json
status() { curl -s -o body -w '%{http_code}' "$@"; }

expect 'push' 201 "$(status -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$api/app/manifests/1")"
expect 'tags' '{"name":"app","tags":["1"]}' "$(curl -s "$api/app/tags/list")"
expect 'Accept: */*' 404 "$(status -H 'Accept: */*' "$api/app/manifests/1")"
expect 'code' MANIFEST_UNKNOWN "$(grep -o MANIFEST_UNKNOWN body)"
expect "Accept: $type" 200 "$(status -H "Accept: $type" "$api/app/manifests/1")"
