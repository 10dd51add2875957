# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of case x86-ept, for accesses that they deny.
import mkx86

with open("ept.bin", "wb") as f:
    f.write(mkx86.kvm_ept())
