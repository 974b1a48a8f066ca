#!/bin/sh
# Mosquitto 2.0.11 (Debian 12), MQTT 3.1.1: a publish with QoS 1 to a topic that the access list
# denies is acknowledged with PUBACK and discarded, and mosquitto_pub exits with 0. A subscription
# to a denied topic is granted in the SUBACK (also with MQTT 5) and never receives a message. With
# MQTT 5 the publisher gets reason code 135 in the PUBACK, and mosquitto_pub still exits with 0.
#
# An acknowledgement of this broker proves neither delivery nor permission: acknowledge end to
# end.
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

deb mosquitto=2.0.11-1.2+deb12u2 mosquitto-clients=2.0.11-1.2+deb12u2 \
  libmosquitto1=2.0.11-1.2+deb12u2 libcjson1 libwebsockets17 libdlt2 libev4 libuv1 libwrap0
lib=$(uname -m)-linux-gnu
export LD_LIBRARY_PATH="$work/root/usr/lib/$lib:$work/root/lib/$lib"
port=$((20000 + $$ % 20000))
printf 'topic readwrite allowed/#\n' > acl
printf 'listener %s 127.0.0.1\nallow_anonymous true\nacl_file %s/acl\n' $port "$work" > conf
[ "$(id -u)" != 0 ] || printf 'user root\n' >> conf
root/usr/sbin/mosquitto -c conf > log 2>&1 &
broker=$!
trap 'kill $broker; rm -rf "$work"' EXIT
pub() { root/usr/bin/mosquitto_pub -p $port -q 1 -m hi -d "$@"; }
sub() { root/usr/bin/mosquitto_sub -p $port -q 1 -W 2 -d "$@"; }
for _ in 1 2 3 4 5 6 7 8 9 10; do ! pub -t allowed/x > /dev/null 2>&1 || break; sleep 0.5; done

code=0
pub -V mqttv311 -t denied/x > out || code=$?
expect 'MQTT 3.1.1 publish, exit code' 0 $code
expect 'MQTT 3.1.1 publish' 'PUBACK (Mid: 1, RC:0)' "$(grep -o 'PUBACK.*' out)"
code=0
pub -V mqttv5 -t denied/x > out 2>&1 || code=$?
expect 'MQTT 5 publish, exit code' 0 $code
expect 'MQTT 5 publish' 'PUBACK (Mid: 1, RC:135)' "$(grep -o 'PUBACK.*' out)"
for version in mqttv311 mqttv5; do
  sub -V $version -t denied/x > out 2> /dev/null &
  waiting=$!
  sleep 1
  pub -V $version -t denied/x > /dev/null 2>&1
  wait $waiting || true
  expect "$version subscription" 'Subscribed (mid: 1): 1' "$(grep Subscribed out)"
  expect "$version messages" 0 "$(grep -c PUBLISH out || true)"
done
