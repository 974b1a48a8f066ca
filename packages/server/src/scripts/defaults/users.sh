#!/bin/sh
# The accounts of the image, and those besides root that are root.
[ -f /etc/passwd ] || {
  echo '{"users":[],"otherRoots":[],"found":false}'
  exit 0
}
awk -F ':' '
  function quote(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/[\001-\037\177]/, "", text)
    return "\"" text "\""
  }
  /^[ \t]*(#|$)/ || NF < 7 { next }
  {
    users = users (users == "" ? "" : ",\n") sprintf("{\"name\":%s,\"uid\":%d,\"gid\":%d,\"home\":%s,\"shell\":%s}", quote($1), $3, $4, quote($6), quote($7))
    if ($3 + 0 == 0 && $1 != "root") roots = roots (roots == "" ? "" : ",") quote($1)
  }
  END { printf "{\"found\":true,\"otherRoots\":[%s],\"users\":[\n%s\n]}\n", roots, users }' /etc/passwd
