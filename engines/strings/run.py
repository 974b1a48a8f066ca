"""Hashes, type, entropy and strings of one file, as one JSON object (its shape is in README.md).

The file is mapped, never read as a whole, and everything that is kept is bounded, so a file of
gigabytes takes the same memory as one of kilobytes.
"""

import collections
import hashlib
import json
import math
import mmap
import os
import re
import subprocess
import sys

SAMPLE = "/in/sample"
PARAMETERS = "/in/parameters.json"
RESULT = "/out/result.json"

READ_BYTES = 1024 * 1024
WINDOWS_MAX = 256
WINDOW_MIN_BYTES = 4096
STRING_MAX_CHARS = 2048  # of one string; its full length is in lengthChars
TEXT_MAX_CHARS = 8 * 1024 * 1024  # of all strings together
PIECE_MAX_CHARS = 4096  # of one step over a long UTF-16 string
TYPE_TIMEOUT_SECONDS = 20
TYPE_MAX_CHARS = 4096
HASHES = ("md5", "sha1", "sha256", "sha512")
DEFAULTS = {"minimumLength": 6, "maximumStrings": 20000}


def main():
    parameters = read_parameters()
    size = os.stat(SAMPLE).st_size
    with open(SAMPLE, "rb") as file:
        # an empty file cannot be mapped
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size > 0 else b""
        hashes, entropy = measure(content, size)
        result = {
            "format": "lazaret-strings/1",
            "sizeBytes": size,
            "type": find_type(),
            "hashes": hashes,
            "entropy": entropy,
            "strings": find_strings(content, **parameters),
        }
    with open(RESULT, "w", encoding="ascii") as file:
        json.dump(result, file, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        file.write("\n")


def read_parameters():
    """The job's parameters, which were checked against the manifest's schema before."""
    if not os.path.exists(PARAMETERS):
        return {"minimum": DEFAULTS["minimumLength"], "maximum": DEFAULTS["maximumStrings"]}
    with open(PARAMETERS, encoding="utf-8") as file:
        given = {**DEFAULTS, **json.load(file)}
    return {"minimum": int(given["minimumLength"]), "maximum": int(given["maximumStrings"])}


def measure(content, size):
    """Hashes and entropy in one pass; the windows cover the file, the last may be shorter."""
    window = max(WINDOW_MIN_BYTES, math.ceil(size / WINDOWS_MAX))
    digests = [hashlib.new(name, usedforsecurity=False) for name in HASHES]
    whole = collections.Counter()
    windows = []
    for start in range(0, size, window):
        end = min(start + window, size)
        counts = collections.Counter()
        for at in range(start, end, READ_BYTES):
            part = content[at : min(at + READ_BYTES, end)]
            counts.update(part)
            for digest in digests:
                digest.update(part)
        windows.append(round(shannon(counts, end - start), 3))
        whole.update(counts)
    hashes = {digest.name: digest.hexdigest() for digest in digests}
    bits = round(shannon(whole, size), 3)
    return hashes, {"bitsPerByte": bits, "windowBytes": window, "windows": windows}


def shannon(counts, total):
    """Entropy in bits per byte, 0 for nothing at all (C. E. Shannon, 1948)."""
    shares = [count / total for count in counts.values()]
    return abs(sum(share * math.log2(share) for share in shares))


def find_type():
    """What `file` makes of it; a field is null when file fails or takes too long."""
    return {"mime": ask_file("--mime-type"), "description": ask_file()}


def ask_file(*flags):
    command = ["/usr/bin/file", "--brief", *flags, "--", SAMPLE]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=TYPE_TIMEOUT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"strings: the type is left open: {error}", file=sys.stderr)
        return None
    return done.stdout.decode("utf-8", "replace").strip()[:TYPE_MAX_CHARS]


def find_strings(content, minimum, maximum):
    """Runs of printable ASCII, as single bytes and as UTF-16LE, in the order of their offsets."""
    single = rb"[\t\x20-\x7e]"
    double = rb"(?:[\t\x20-\x7e]\x00)"
    found = 0
    kept = []
    for encoding, unit, width in (("ascii", single, 1), ("utf-16le", double, 2)):
        count, items = find_runs(content, encoding, unit, width, minimum, maximum)
        found += count
        kept.extend(items)
    kept.sort(key=lambda item: item["offset"])
    items = []
    room = TEXT_MAX_CHARS
    for item in kept[:maximum]:
        room -= len(item["text"])
        if room < 0:
            break
        items.append(item)
    return {
        "minimumLength": minimum,
        "found": found,
        "truncated": len(items) < found,
        "items": items,
    }


def find_runs(content, encoding, unit, width, minimum, maximum):
    # the repeat is bounded because the matcher remembers each step of a group; longer runs are
    # walked piece by piece
    first = re.compile(unit + b"{%d,%d}" % (minimum, max(minimum, PIECE_MAX_CHARS)))
    more = re.compile(unit + b"{1,%d}" % PIECE_MAX_CHARS)
    count = 0
    items = []
    match = first.search(content)
    while match is not None:
        start, end = match.span()
        while (piece := more.match(content, end)) is not None:
            end = piece.end()
        count += 1
        if len(items) < maximum:
            length = (end - start) // width
            shown = content[start : start + min(length, STRING_MAX_CHARS) * width : width]
            item = {"offset": start, "encoding": encoding, "text": shown.decode("ascii")}
            if length > STRING_MAX_CHARS:
                item["lengthChars"] = length
            items.append(item)
        match = first.search(content, end)
    return count, items


if __name__ == "__main__":
    main()
