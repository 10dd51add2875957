# SPDX-License-Identifier: GPL-2.0-or-later
# One page of EPT that maps nothing.
with open("blob", "wb") as f:
    f.write(bytes(4096))
