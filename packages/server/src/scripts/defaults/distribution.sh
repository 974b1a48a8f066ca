#!/bin/sh
# The distribution of the image: every field of os-release, or the text of an older release file.
quote() {
  printf '%s' "$1" | awk '
    { gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/[\001-\037\177]/, ""); printf "%s%s", separator, $0; separator = " " }'
}

for file in /etc/os-release /usr/lib/os-release; do
  [ -f "$file" ] || continue
  printf '{"foundBy":"os-release"'
  grep -E '^[A-Z][A-Z0-9_]*=' "$file" | while IFS='=' read -r name value; do
    case $value in
      \"*\" | \'*\') value=${value#?} && value=${value%?} ;;
    esac
    printf ',"%s":"%s"' "$name" "$(quote "$value")"
  done
  printf '}\n'
  exit 0
done
if [ -f /etc/lsb-release ]; then
  value=$(sed -n 's/^DISTRIB_DESCRIPTION=//p' /etc/lsb-release | tr -d '"')
  printf '{"foundBy":"lsb-release","PRETTY_NAME":"%s"}\n' "$(quote "$value")"
  exit 0
fi
for name in centos-release redhat-release fedora-release SuSE-release alpine-release debian_version; do
  [ -f "/etc/$name" ] || continue
  printf '{"foundBy":"%s","PRETTY_NAME":"%s"}\n' "$name" "$(quote "$(head -n 1 "/etc/$name")")"
  exit 0
done
echo '{"foundBy":null}'
