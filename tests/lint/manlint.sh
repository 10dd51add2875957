#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are sound mdoc: mandoc's lint finds nothing to warn about.
set -eu
cd "$(dirname "$0")/../.."

for page in man/*.[1-9]; do
	[ -f "$page" ] || { echo "manlint: no manual page found" >&2; exit 1; }
	mandoc -Tlint -Wwarning "$page" >&2 || { echo "manlint: $page: see above" >&2; exit 1; }
	# A macro quotes all that follows on its line, the next quotation as well.
	if mandoc -Tutf8 "$page" | grep '””' >&2; then
		echo "manlint: $page: a quotation that holds others, see above" >&2
		exit 1
	fi
	echo "manlint: $page is sound"
done
