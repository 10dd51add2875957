# SPDX-License-Identifier: GPL-2.0-or-later
# For the other lints: the files of the project, tracked or about to be, one per line.
# shellcheck shell=sh

# project_files PATTERN...: git's patterns ('*' crosses folders); without git (a release tarball) the shell's.
project_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -c core.quotePath=off ls-files --cached --others --exclude-standard -- "$@" |
			while IFS= read -r file; do
				[ ! -f "$file" ] || printf '%s\n' "$file"
			done
	else
		find . -name .git -prune -o -path './build*' -prune -o -name __pycache__ -prune -o -type f -print |
			sed 's|^\./||' | while IFS= read -r file; do
				for pattern; do
					# shellcheck disable=SC2254 # it is meant as a pattern
					case $file in $pattern) printf '%s\n' "$file"; break ;; esac
				done
			done
	fi
}
