# SPDX-License-Identifier: GPL-2.0-or-later
# EPT as KVM from Linux 7.2 on writes it.
import mkx86

with open("ept.bin", "wb") as f:
    f.write(mkx86.kvm_ept())
