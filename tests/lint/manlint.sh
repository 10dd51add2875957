#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are sound mdoc: mandoc's lint finds nothing to warn about.
set -eu
cd "$(dirname "$0")/../.."

for page in man/*.[1-9]; do
	[ -f "$page" ] || { echo "manlint: no manual page found" >&2; exit 1; }
	mandoc -Tlint -Wwarning "$page" >&2 || { echo "manlint: $page: see above" >&2; exit 1; }
	echo "manlint: $page is sound"
done
