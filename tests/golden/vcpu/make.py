# SPDX-License-Identifier: GPL-2.0-or-later
# A host with a guest that has tables of its own: whole, without its TTBR1 table, without its registers; with FWB, loaded.
import mkguest

mkguest.write("host")
mkguest.write("noroot", ["s1-root"])
mkguest.write("noregs", ["vcpu"])
mkguest.write("loaded", cpu=3)
