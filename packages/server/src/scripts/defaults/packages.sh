#!/bin/sh
# Packages of the image, as the image itself lists them: by its own package manager where it has one,
# otherwise from its database. Prints JSON; `complete` names the types that are listed completely.
notes=''
complete=''

note() {
  notes="$notes${notes:+,}\"$1\""
}
whole() {
  complete="$complete${complete:+,}\"$1\""
}
# Lines of type, name, version and architecture become JSON; other control characters are removed.
to_json() {
  awk -F '\t' '
    function quote(text) {
      gsub(/\\/, "\\\\", text)
      gsub(/"/, "\\\"", text)
      gsub(/[\001-\037\177]/, "", text)
      return "\"" text "\""
    }
    $2 != "" {
      printf "%s{\"type\":%s,\"name\":%s,\"version\":%s,\"architecture\":%s}", separator, quote($1), quote($2), quote($3), $4 == "" ? "null" : quote($4)
      separator = ",\n"
    }'
}

# The files of dpkg: /var/lib/dpkg/status, and one file for each package in distroless images.
read_status() {
  awk '
    function flush() {
      if (name != "" && (status == "" || status ~ / installed$/)) print "deb\t" name "\t" version "\t" architecture
      name = version = architecture = status = ""
    }
    /^$/ { flush() }
    FNR == 1 && NR > 1 { flush() }
    /^Package: / { name = substr($0, 10) }
    /^Version: / { version = substr($0, 10) }
    /^Architecture: / { architecture = substr($0, 15) }
    /^Status: / { status = substr($0, 9) }
    END { flush() }' "$@"
}

list_deb() {
  set -- /var/lib/dpkg/status.d/*
  [ -f "$1" ] && found_deb=yes && for file in "$@"; do
    case $file in *.md5sums) ;; *) read_status "$file" ;; esac
  done
  [ -f /var/lib/dpkg/status ] || return 0
  found_deb=yes
  if [ -x /usr/bin/dpkg-query ]; then
    format='${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n'
    if /usr/bin/dpkg-query -W -f="$format" > "$TMPDIR/deb" 2> "$TMPDIR/deb.errors"; then
      awk -F '\t' '$1 == "installed" { print "deb\t" $2 "\t" $3 "\t" $4 }' "$TMPDIR/deb"
      return 0
    fi
    touch "$TMPDIR/deb.failed"
  fi
  read_status /var/lib/dpkg/status
}

list_rpm() {
  for program in /usr/bin/rpm /bin/rpm; do
    [ -x "$program" ] || continue
    format='%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n'
    "$program" -qa --qf "$format" > "$TMPDIR/rpm" 2> "$TMPDIR/rpm.errors" || return 1
    awk -F '\t' '$1 != "gpg-pubkey" {
      print "rpm\t" $1 "\t" ($2 + 0 > 0 ? $2 ":" : "") $3 "\t" ($4 == "(none)" ? "" : $4)
    }' "$TMPDIR/rpm"
    return 0
  done
  return 1
}

list_apk() {
  awk '
    function flush() {
      if (name != "") print "apk\t" name "\t" version "\t" architecture
      name = version = architecture = ""
    }
    /^$/ { flush() }
    /^P:/ { name = substr($0, 3) }
    /^V:/ { version = substr($0, 3) }
    /^A:/ { architecture = substr($0, 3) }
    END { flush() }' "$1"
}

list_alpm() {
  for file in /var/lib/pacman/local/*/desc; do
    [ -f "$file" ] && awk '
      { if (field != "") { value[field] = $0; field = "" } }
      /^%(NAME|VERSION|ARCH)%$/ { field = $0 }
      END { print "alpm\t" value["%NAME%"] "\t" value["%VERSION%"] "\t" value["%ARCH%"] }' "$file"
  done
}

# Installed distributions of Python and modules of Node.js; only where they usually are, so that
# these lists are not complete.
list_python() {
  find /usr/lib /usr/local/lib /opt /home /root -xdev -type f -path '*.dist-info/METADATA' 2> /dev/null |
    while read -r file; do
      awk 'NF == 0 { exit } /^Name: / { name = substr($0, 7) } /^Version: / { version = substr($0, 10) }
        END { print "pypi\t" name "\t" version "\t" }' "$file"
    done
}
list_node() {
  find /usr/lib /usr/local/lib /opt /app /srv -xdev -type f -path '*/node_modules/*/package.json' 2> /dev/null |
    grep -E '/node_modules/(@[^/]+/)?[^/]+/package\.json$' |
    while read -r file; do
      tr -d '\n' < "$file" | awk '{
        if (match($0, /"name"[ \t]*:[ \t]*"[^"]*"/)) name = substr($0, RSTART, RLENGTH)
        if (match($0, /"version"[ \t]*:[ \t]*"[^"]*"/)) version = substr($0, RSTART, RLENGTH)
        gsub(/^[^:]*:[ \t]*"|"$/, "", name)
        gsub(/^[^:]*:[ \t]*"|"$/, "", version)
        print "npm\t" name "\t" version "\t"
      }'
    done
}

list="$TMPDIR/list"
: > "$list"
found_deb=''
list_deb >> "$list"
[ -n "$found_deb" ] && whole deb
[ -f "$TMPDIR/deb.failed" ] && note 'dpkg-query of the image failed; its database was read instead'

for database in /var/lib/rpm /usr/lib/sysimage/rpm /usr/share/rpm; do
  [ -d "$database" ] || continue
  set -- "$database"/*
  [ -e "$1" ] || continue
  if list_rpm >> "$list"; then whole rpm; else note 'there is a database of rpm, and no rpm in the image that reads it'; fi
  break
done
for database in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  [ -f "$database" ] || continue
  list_apk "$database" >> "$list"
  whole apk
  break
done
if [ -d /var/lib/pacman/local ]; then
  list_alpm >> "$list"
  whole alpm
fi
[ -z "$complete" ] && [ -z "$notes" ] && note 'no package manager was found'
list_python >> "$list"
list_node >> "$list"

printf '{"complete":[%s],"notes":[%s],"packages":[\n' "$complete" "$notes"
to_json < "$list"
printf '\n]}\n'
