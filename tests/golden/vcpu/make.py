# SPDX-License-Identifier: GPL-2.0-or-later
# A host with a guest that has tables of its own: whole, without its TTBR1 table, without its registers; with FWB, loaded;
# without walks of one half, or of both (TCR_EL1.EPD0, EPD1).
import mkguest

mkguest.write("host")
mkguest.write("noroot", ["s1-root"])
mkguest.write("noregs", ["vcpu"])
mkguest.write("loaded", cpu=3)
for name, off in (("lower", 1 << 23), ("upper", 1 << 7), ("neither", 1 << 23 | 1 << 7)):
    mkguest.write(name, tcr=mkguest.TCR | off)
