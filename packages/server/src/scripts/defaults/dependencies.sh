#!/bin/sh
# The graph of the dependencies between installed packages of dpkg and apk, in the language DOT.
echo 'digraph packages {'
[ -f /var/lib/dpkg/status ] && awk '
  /^Package: / { name = $2 }
  /^(Pre-Depends|Depends): / {
    sub(/^[^:]*: /, "")
    gsub(/\([^)]*\)|\[[^]]*\]|:[a-z0-9]+/, "")
    count = split($0, wanted, /[,|]/)
    for (at = 1; at <= count; at++) {
      gsub(/[ "\\]/, "", wanted[at])
      if (wanted[at] != "") printf "  \"%s\" -> \"%s\";\n", name, wanted[at]
    }
  }' /var/lib/dpkg/status
for database in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  [ -f "$database" ] && awk '
    /^P:/ { name = substr($0, 3) }
    /^D:/ {
      count = split(substr($0, 3), wanted, / /)
      for (at = 1; at <= count; at++) {
        sub(/[<>=~].*/, "", wanted[at])
        gsub(/["\\]/, "", wanted[at])
        if (wanted[at] != "" && wanted[at] !~ /^!/) printf "  \"%s\" -> \"%s\";\n", name, wanted[at]
      }
    }' "$database"
done
echo '}'
