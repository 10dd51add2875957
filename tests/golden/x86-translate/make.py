# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of KVM from Linux 7.2 on that case x86-ept has, for accesses that they deny.
import mkx86

blob = mkx86.Blob(mkx86.Regime(mkx86.EPT, maxphyaddr=40), 0x12345000)
EMPTY, TABLE = 1 << 63, 0x8000000000000d00
pdpt, pd, pt, high, mmio, narrow = (blob.new(EMPTY) for _ in range(6))
blob.pages[0] = [EMPTY] * 512
blob.pages[0][0] = blob.table(pdpt, TABLE)
blob.pages[pdpt][0] = blob.table(pd, TABLE)
blob.pages[pdpt][1] = 0x80a0000000000ff7 | 0x3c0000000
blob.pages[pdpt][3] = blob.table(high, TABLE)
blob.pages[pd][0] = blob.table(pt, TABLE)
blob.pages[pd][1] = 0x80a0000000000ff7 | 0x5600000
blob.pages[pd][2] = 0x80a0000000000bf3 | 0x5800000
blob.pages[pd][3] = blob.table(narrow, TABLE) & ~2
for i in range(4):
    blob.pages[pt][i] = 0x80a0000000000f77 | 0x7000000 + (i << 12)
blob.pages[pt][4] = 0x80a0000000000d77 | 0x7004000
blob.pages[pt][5] = 0x8000000000000d75 | 0x9000000
blob.pages[pt][6] = 0x80a0000000000f07 | 0xfee00000
blob.pages[pt][7] = 0xd0f0000000000a70 | 0x7007000
blob.pages[pt][8] = 0xd0f0000000000a70 | 0x7008000
blob.pages[pt][9] = 0xd050000000000870 | 0x7009000
blob.pages[pt][10] = 0x80000000000001a0
blob.pages[pt][11] = 0x80a0000000000f67 | 1 << 44
blob.pages[pt][12] = 0x80a0000000000f5f
blob.pages[pt][13] = 0x80a0000000000f76
blob.pages[narrow][0] = 0x80a0000000000f77 | 0xa000000
blob.pages[high][0x1f7] = blob.table(mmio, TABLE)
blob.pages[mmio][0] = 0xf8fee000f6
blob.pages[mmio][1] = 0xf8fee010f6
blob.pages[mmio][2] = 0x1000f89d000346
with open("ept.bin", "wb") as f:
    f.write(blob.data())
