# SPDX-License-Identifier: GPL-2.0-or-later
# What the scripts share: saying what is done, failing with a reason, packages, build directories.
# shellcheck shell=bash disable=SC2034 # used by those who read this file

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SELF=$(basename "$0")

# What the program needs to be built, and what its tests need besides. Debian 12 names.
BUILD_PACKAGES=(libc6-dev meson ninja-build pkg-config libjansson-dev libelf-dev libdwarf-dev
	zlib1g-dev liblzo2-dev libsnappy-dev libzstd-dev liblzma-dev libbz2-dev)
TEST_PACKAGES=(gcc clang clang-format-14 libclang-rt-14-dev llvm libcmocka-dev libbpf-dev mandoc jq python3 python3-jsonschema
	shellcheck git valgrind zsh fish)

# What a build for arm64 and running it elsewhere needs, and looking at the sources.
ARM64_PACKAGES=(qemu-user-static gcc-aarch64-linux-gnu libjansson-dev:arm64 libelf-dev:arm64 libdwarf-dev:arm64
	zlib1g-dev:arm64 liblzo2-dev:arm64 libsnappy-dev:arm64 libzstd-dev:arm64 liblzma-dev:arm64 libbz2-dev:arm64
	libcmocka-dev:arm64 libbpf-dev:arm64)
ANALYSIS_PACKAGES=(cppcheck clang-tidy)

# What building and trying the Debian package needs.
PACKAGE_PACKAGES=(build-essential debhelper bash-completion lintian mmdebstrap)

# What the labs with real kernels need; of that of x86, the last rows only with --full.
LAB_ARM64_PACKAGES=(qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross dpkg-dev python3)
LAB_X86_PACKAGES=(qemu-system-x86 gcc libc6-dev makedumpfile dpkg-dev python3)
LAB_EPT_PACKAGES=(bochs bochs-term bochsbios vgabios grub-common grub-pc-bin xorriso mtools)

say() {
	printf '\n== %s: %s\n' "$SELF" "$*"
}

die() {
	printf '%s: %s\n' "$SELF" "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "'$*' needs root: run as root, or install sudo"
	fi
}

installed() {
	# Of several architectures there is a line each.
	dpkg-query -W -f='${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii '
}

# need_packages NAME...: installs those that are not there yet; says so when there is nothing to do.
need_packages() {
	local missing=() name

	if ! command -v apt-get >/dev/null; then
		say "no apt-get here: the packages of README.md (section Other distributions) must be installed already"
		return
	fi
	for name; do
		installed "$name" || missing+=("$name")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		say "all $# packages are installed"
		return
	fi
	say "installing ${missing[*]}"
	as_root apt-get -q update || die "apt-get update failed"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" ||
		die "cannot install ${missing[*]}"
}

# The labs ask apt where this machine's mirror is.
apt_lists() {
	[ -n "$(apt-get indextargets 'Origin: Debian')" ] || as_root apt-get -q update
}

# Any C compiler will do to build the program.
need_compiler() {
	command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || need_packages gcc
}

# configure NAME ARG...: build/NAME, set up now, or given the same options again.
configure() {
	local dir=build/$1
	shift

	if [ -f "$dir/build.ninja" ]; then
		meson configure "$dir" "$@" || die "cannot configure $dir (remove it to begin anew)"
		return
	fi
	rm -rf "$dir"
	meson setup "$dir" "$@" || die "cannot set up $dir, see $dir/meson-logs/meson-log.txt"
}
