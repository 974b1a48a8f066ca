#!/bin/sh
# skopeo 1.9.3 (Debian 12): a registry that refuses an image explains why in the JSON body that the
# distribution specification describes ("errors" with code and message). skopeo prints this message
# when the status is 403, 404, 429 or 451. With the same body and a status of 500 or 503 it prints
# only the status, and does not try again although Retry-After asks for it; with 429 it does. A
# proxy that holds an image for a moment has to answer 429, not 503, or the reason is lost.
set -eu
work=$(mktemp -d)
trap 'kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
deb() { # name=version ...: extracts Debian packages to ./root, installs nothing
  apt-get -qq -o APT::Sandbox::User=root download "$@"
  for file in *.deb; do dpkg-deb -x "$file" root; rm "$file"; done
}
expect() { # what, expected, got
  [ "$2" = "$3" ] || { printf '%s: expected %s, got %s\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s: %s\n' "$1" "$3"
}

deb skopeo=1.9.3+ds1-1+b10 libgpgme11 libdevmapper1.02.1 libassuan0 libgpg-error0
export LD_LIBRARY_PATH="$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu"
cat > registry.py <<'END'
import http.server, json, os
body = json.dumps({"errors": [{"code": "DENIED", "message": "held for a check"}]}).encode()
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 200 if self.path == "/v2/" else int(self.path.split("/")[2])
        if status != 200:
            open("asked", "a").write(f"{status}\n")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
open("port.part", "w").write(str(server.server_port))
os.rename("port.part", "port")
server.serve_forever()
END
python3 registry.py & server=$!
until [ -f port ]; do sleep 0.1; done

ask() { # status: the end of what skopeo prints, and how often it asked for the manifest
  : > asked
  root/usr/bin/skopeo --insecure-policy inspect --tls-verify=false \
    "docker://127.0.0.1:$(cat port)/$1/app:1" 2> output && exit 1
  sed -n "s|.*/$1/app: ||; s|\"*\$||; p" output | tail -n 1
  grep -c "^$1$" asked || true
}
for status in 403 404 451; do
  expect "$status" "denied: held for a check 1" "$(ask $status | tr '\n' ' ' | sed 's/ $//')"
done
expect "500" "received unexpected HTTP status: 500 Internal Server Error 1" \
  "$(ask 500 | tr '\n' ' ' | sed 's/ $//')"
expect "503" "received unexpected HTTP status: 503 Service Unavailable 1" \
  "$(ask 503 | tr '\n' ' ' | sed 's/ $//')"
expect "429: tried again" yes "$(ask 429 > tried; [ "$(tail -n 1 tried)" -gt 1 ] && echo yes)"
expect "429" "denied: held for a check" "$(head -n 1 tried)"
