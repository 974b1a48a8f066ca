#!/bin/sh
# skopeo 1.9.3 (Debian 12): a layer that it compresses as zstd:chunked does not decompress to the
# bytes that were compressed. Of a layer written by GNU tar the padding at the end of the archive
# is missing, so the SHA-256 of the decompressed layer is not the diffID in the image
# configuration, although nothing was tampered with. The files in it are the same. The same copy
# as zstd keeps the digest.
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

deb skopeo=1.9.3+ds1-1+b10 libgpgme11 libdevmapper1.02.1 libassuan0 libgpg-error0 zstd
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu"
mkdir files
seq 20000 > files/a
tar --format=gnu -C files -cf layer.tar a
cat > image.py <<'END'
import hashlib, json, os
os.makedirs("in/blobs/sha256")
def put(data):
    name = hashlib.sha256(data).hexdigest()
    open("in/blobs/sha256/" + name, "wb").write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
oci = "application/vnd.oci.image."
layer = put(open("layer.tar", "rb").read())
config = {"architecture": "amd64", "os": "linux",
          "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
manifest = {"schemaVersion": 2, "mediaType": oci + "manifest.v1+json",
            "config": {"mediaType": oci + "config.v1+json", **put(json.dumps(config).encode())},
            "layers": [{"mediaType": oci + "layer.v1.tar", **layer}]}
entry = {"mediaType": oci + "manifest.v1+json", **put(json.dumps(manifest).encode()),
         "annotations": {"org.opencontainers.image.ref.name": "x"}}
json.dump({"schemaVersion": 2, "manifests": [entry]}, open("in/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open("in/oci-layout", "w"))
END
python3 image.py
cat > layer.py <<'END'
import json, sys
root = sys.argv[1]
read = lambda digest: open(root + "/blobs/sha256/" + digest.split(":")[1], "rb").read()
index = json.load(open(root + "/index.json"))
manifest = json.loads(read(index["manifests"][0]["digest"]))
config = json.loads(read(manifest["config"]["digest"]))
sys.stderr.write(config["rootfs"]["diff_ids"][0].split(":")[1])
sys.stdout.buffer.write(read(manifest["layers"][0]["digest"]))
END

for format in zstd zstd:chunked; do
  root/usr/bin/skopeo --insecure-policy copy -q --dest-compress --dest-compress-format $format \
    oci:in:x oci:out:x
  python3 layer.py out 2> diffid | root/usr/bin/zstd -dcq > layer
  expect "$format: diffID of the configuration" "$(sha256sum < layer.tar | cut -c1-64)" "$(cat diffid)"
  if [ $format = zstd ]; then
    expect "$format: decompressed bytes" "$(stat -c %s layer.tar)" "$(stat -c %s layer)"
    cmp layer.tar layer
  else
    [ "$(sha256sum < layer | cut -c1-64)" != "$(cat diffid)" ]
    expect "$format: missing bytes" yes "$([ "$(stat -c %s layer)" -lt "$(stat -c %s layer.tar)" ] && echo yes)"
    expect "$format: files" a "$(tar -tf layer 2> tar.err)"
  fi
  rm -r out
done
