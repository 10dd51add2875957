# SPDX-License-Identifier: GPL-2.0-or-later
# A host with a guest that has tables of its own: whole, without a table of stage 2, without the TTBR1 table,
# without one descriptor; with FWB.
import mkguest

mkguest.write("host")
mkguest.write("noroot", ["s1-root"])
mkguest.write("nos2", ["s2-table"])
mkguest.write("fwb", hcr=mkguest.HCR | mkguest.HCR_FWB)
mkguest.write("nos2upper", ["s2-upper"])
mkguest.write("noentry", ["s1-entry"])
