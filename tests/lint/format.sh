#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# C is formatted as .clang-format says, and shell scripts pass shellcheck. Option --fix formats C in place.
set -eu
cd "$(dirname "$0")/../.."
. tests/lint/files.sh

CLANG_FORMAT=${CLANG_FORMAT:-$(command -v clang-format-14 || command -v clang-format || true)}
[ -n "$CLANG_FORMAT" ] || { echo "format: clang-format 14 is needed" >&2; exit 1; }
case $("$CLANG_FORMAT" --version) in
*' version 14.'*) ;;
*)
	echo "format: $("$CLANG_FORMAT" --version): other versions than 14 break lines elsewhere, skipped"
	exit 77
	;;
esac

sources=$(project_files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | sort -u)
[ -n "$sources" ] || { echo "format: no C source found" >&2; exit 1; }
if [ "${1-}" = --fix ]; then
	# The second run settles comments that the first one broke.
	for pass in 1 2; do
		printf '%s\n' "$sources" | tr '\n' '\0' | xargs -0 "$CLANG_FORMAT" -i --
		echo "format: pass $pass done"
	done
fi
printf '%s\n' "$sources" | tr '\n' '\0' | xargs -0 "$CLANG_FORMAT" --dry-run -Werror -- || {
	echo "format: run tests/lint/format.sh --fix" >&2
	exit 1
}
echo "format: $(printf '%s\n' "$sources" | wc -l) C files"

scripts=$(project_files '*' | tr '\n' '\0' | xargs -0 awk '
	FNR == 1 && (/^#!.*sh$/ || FILENAME ~ /\.sh$/) { print FILENAME }
	{ nextfile }')
if ! command -v shellcheck >/dev/null; then
	echo "format: shellcheck is not installed, scripts are not checked"
	exit 0
fi
printf '%s\n' "$scripts" | tr '\n' '\0' | xargs -0 shellcheck -x -P SCRIPTDIR --
echo "format: $(printf '%s\n' "$scripts" | wc -l) shell scripts"
