# SPDX-License-Identifier: GPL-2.0-or-later
# Hosts whose guest is a hypervisor: it runs a guest of its own behind a stage 2 (l2), without one (l1), itself (el2), a process
# of its own (tge), and a guest behind another stage 2 than that of the shadow table (other).
import mkguest

VM, PTW, TGE, EL2H = 1 << 0, 1 << 2, 1 << 27, 0x3c9
SHADOWED = {"VTTBR_EL2": 0x80000000 | 1, "VTCR_EL2": mkguest.VTCR}  # CnP, which no shadow has

mkguest.write("l2", el2={**SHADOWED, "HCR_EL2": VM | PTW})
mkguest.write("l1", el2={**SHADOWED, "HCR_EL2": 0})
mkguest.write("el2", el2={**SHADOWED, "HCR_EL2": VM}, pstate=EL2H)
mkguest.write("tge", el2={**SHADOWED, "HCR_EL2": VM | TGE}, pstate=0x3c0)
mkguest.write("other", el2={**SHADOWED, "HCR_EL2": VM, "VTTBR_EL2": 0x90000000})
