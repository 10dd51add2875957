#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Compresses standard input to standard output, with nothing but Python: pack.py gzip|xz|bzip2|zstd

import bz2
import gzip
import lzma
import sys

# A block may not be larger (RFC 8878 3.1.1.2.4).
ZSTD_BLOCK = 128 << 10


def zstd(data):
    """A frame of raw and run-length blocks (RFC 8878 3.1.1): no checksum, no content size, a window of 128 KiB."""
    blocks = [data[at:at + ZSTD_BLOCK] for at in range(0, len(data), ZSTD_BLOCK)] or [b""]
    out = b"\x28\xb5\x2f\xfd\x00" + bytes([(17 - 10) << 3])
    for n, block in enumerate(blocks):
        run = block and block.count(block[0]) == len(block)
        head = (n == len(blocks) - 1) | (1 if run else 0) << 1 | len(block) << 3
        out += head.to_bytes(3, "little") + (block[:1] if run else block)
    return out


PACKERS = {"gzip": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "bzip2": bz2.compress, "zstd": zstd}

if __name__ == "__main__":
    sys.stdout.buffer.write(PACKERS[sys.argv[1]](sys.stdin.buffer.read()))
