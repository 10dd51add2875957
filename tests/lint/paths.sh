#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No file of the project names a place on the machine where it was written.
set -eu
cd "$(dirname "$0")/../.."
. tests/lint/files.sh

# Bracketed, so that this file does not find itself.
PATTERN='/wor[k]/|/far[m]/|/tm[p]/bash_jobs|/hom[e]/[a-z]|/roo[t]/[a-zA-Z0-9.]'

files=$(project_files '*')
count=$(printf '%s\n' "$files" | wc -l)
if found=$(printf '%s\n' "$files" | tr '\n' '\0' | xargs -0 grep -nIE "$PATTERN" --); then
	printf '%s\n' "$found" >&2
	echo "paths: machine paths found" >&2
	exit 1
fi
echo "paths: $count files, no machine path"
