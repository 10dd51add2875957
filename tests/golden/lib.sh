# SPDX-License-Identifier: GPL-2.0-or-later
# What every golden case's cmd can use; bash reads it through BASH_ENV.
# shellcheck shell=bash

# Runs s2dump with its messages on standard output, between the command line and the exit status.
try()
{
	local status=0

	printf '$ s2dump'
	printf ' %s' "$@"
	printf '\n'
	"$S2DUMP" "$@" 2>&1 || status=$?
	printf '= %d\n' "$status"
}

# Ends the case when the two files differ.
same()
{
	cmp "$1" "$2" && printf '%s and %s are the same\n' "$1" "$2"
}
