# SPDX-License-Identifier: GPL-2.0-or-later
# A protected system (host, hyp, two guests), and a host with a guest and its nested guest.
import mkguest
import mkpkvm

mkpkvm.build("7.1", None, "pkvm")
mkguest.write("nv")
