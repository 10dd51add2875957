# SPDX-License-Identifier: GPL-2.0-or-later
# NPT of five levels as KVM up to Linux 7.1 writes it, on a host with SME (C-bit 47, addresses of 43 bits).
import mkx86

blob = mkx86.Blob(mkx86.Regime(mkx86.NPT, levels=5, maxphyaddr=43), 0x5432_1000)
C = 1 << 47
pml4, pdpt, pd, pt = (blob.new() for _ in range(4))
blob.pages[0][0] = blob.table(pml4, 0x820 | C)
blob.pages[pml4][0] = blob.table(pdpt, 0x820 | C)
blob.pages[pdpt][0] = blob.table(pd, 0x820 | C)
blob.pages[pd][0] = blob.table(pt, 0x820 | C)
blob.pages[pd][1] = 0x8000000000000ee7 | 0x5600000 | C
blob.pages[pd][2] = 0xee7 | 0x5800000 | C | 1 << 12
for i in range(3):
    blob.pages[pt][i] = 0xe67 | 0x7000000 + (i << 12) | C
blob.pages[pt][3] = 0xe65 | 0x7003000 | C
blob.pages[pt][4] = 0x825 | 0x9000000
blob.pages[pt][5] = 0xe63 | 0x7005000 | C
blob.pages[pt][6] = 0xe67 | 1 << 44
blob.pages[pt][7] = 0x5a0
blob.pages[pt][8] = 0x800009d000747
blob.pages[pt][9] = 0xe77 | 0x7009000 | C
with open("npt.bin", "wb") as f:
    f.write(blob.data())
