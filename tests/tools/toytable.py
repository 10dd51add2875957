# SPDX-License-Identifier: GPL-2.0-or-later
"""A table of the toy architecture (tests/toy): written from what it says of itself, not with its code."""
import struct

EMPTY, V, R, W, X, T = 1 << 63, 1, 2, 4, 8, 16


def entry(pa, bits):
    return pa >> 2 | bits


def pages(root):
    """Four pages, the first is at @root: three levels, 4K pages, 39 bits of input addresses."""
    table = [[EMPTY] * 512 for _ in range(4)]
    middle, low, bells = (root + i * 4096 for i in (1, 2, 3))
    table[0][0] = entry(middle, V | T)
    table[0][1] = entry(0x80000000, V | R | W | X)
    table[0][2] = entry(0x00ff_fff0_0000_0000 & -4096, V | T)  # not in the image
    table[1][0] = entry(low, V | T)
    table[1][1] = entry(0x40200000, V | R | X)
    table[1][2] = entry(bells, V | T)
    for i in range(8):
        table[2][i] = entry(0x43000000 + i * 4096, V | R | W)
    table[2][8] = entry(0x43800000, V | R)
    table[2][9] = entry(0x43900000, V | R)
    table[2][10] = entry(0x43900000, V | T)  # no page, and no table
    for i in range(4):
        table[3][i] = entry(0x9000000 + i * 4096, W)
    table[3][4] = entry(0x9800000, W)
    return b"".join(struct.pack("<512Q", *page) for page in table)
