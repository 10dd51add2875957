// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are known but cannot be read, so that they are not taken for raw memory: what they are
// and what to do instead.
#include <string.h>

#include "base/bits.h"
#include "source/source.h"

#define MAX_MAGIC 16

/* Where a swap space, and a hibernation image in one, has its magic: at the end of the first page. */
#define SWAP_AT(page) ((page)-10)
#define SWAP "is a swap space, not a dump"
#define HIBERNATED "is a hibernation image in a swap space, which is not supported"

/* What open/load.c unpacks comes here only when it could not. */
#define DAMAGED(name) "is compressed with " name ", and damaged: nothing of it can be unpacked"
#define WITHOUT(name) "is compressed with " name ", which this s2dump was built without"
#ifdef HAVE_LZMA
#define PACKED_XZ DAMAGED("xz")
#else
#define PACKED_XZ WITHOUT("xz")
#endif
#ifdef HAVE_ZSTD
#define PACKED_ZSTD DAMAGED("zstd")
#else
#define PACKED_ZSTD WITHOUT("zstd")
#endif
#ifdef HAVE_BZIP2
#define PACKED_BZIP2 DAMAGED("bzip2")
#else
#define PACKED_BZIP2 WITHOUT("bzip2")
#endif

/*
 * To add a format: a row, in any order. The magic must be long or odd enough that a page of
 * descriptors cannot begin with it;
 * --base and --map skip all probing.
 */
static const struct {
	const char *magic;
	size_t len;
	const char *what;
	uint64_t off; /* where the magic is */
} unsupported[] = {
#define MAGIC(text) .magic = (text), .len = sizeof(text) - 1
	{ MAGIC("LibvirtQemudSave"), "is a libvirt save file; use virsh dump --memory-only" },
	{ MAGIC("LibvirtQemudPart"),
	  "is an unfinished libvirt save file; use virsh dump --memory-only" },
	{ MAGIC("QEVM\0\0\0\3"), "is a QEMU migration stream; use dump-guest-memory" },
	{ MAGIC("QFI\xfb\0\0\0"),
	  "is a qcow2 disk image; use dump-guest-memory in the machine's monitor" },
	{ MAGIC("PAGEDU64"), "is a Windows dump; use dump-guest-memory without -w" },
	{ MAGIC("PAGEDUMP"), "is a Windows dump; use dump-guest-memory without -w" },
	{ MAGIC("AVML\1\0\0\0"), "is an AVML file; convert it with avml-convert to LiME first" },
	{ MAGIC("AVML\2\0\0\0"), "is an AVML file; convert it with avml-convert to LiME first" },
	{ MAGIC("KDMV"), "is a VMware disk image, not a dump" },
	{ MAGIC("\xd0\xbe\xd2\xbe"), "is the state of a VMware machine, which is not supported" },
	{ MAGIC("\xd2\xbe\xd2\xbe"), "is the state of a VMware machine, which is not supported" },
	{ MAGIC("\xd1\xba\xd1\xba"), "is the state of a VMware machine, which is not supported" },
	{ MAGIC("\xed\x23\x8f\x61\x73\x01\x19\xa8"), "is a dump of LKCD, which is not supported" },
	{ MAGIC("S1SUSPEND"), HIBERNATED, SWAP_AT(4096) },
	{ MAGIC("S1SUSPEND"), HIBERNATED, SWAP_AT(16384) },
	{ MAGIC("S1SUSPEND"), HIBERNATED, SWAP_AT(65536) },
	{ MAGIC("SWAPSPACE2"), SWAP, SWAP_AT(4096) },
	{ MAGIC("SWAPSPACE2"), SWAP, SWAP_AT(16384) },
	{ MAGIC("SWAPSPACE2"), SWAP, SWAP_AT(65536) },
	{ MAGIC("ARM\x64"),
	  "begins with a kernel image: that alone is no dump, and of raw memory it must be said where it was",
	  56 },
	{ MAGIC("ustar"), "is a tar archive; unpack it first", 257 },
	{ MAGIC("070701"), "is a cpio archive; unpack it first" },
	{ MAGIC("7z\xbc\xaf\x27\x1c"), "is a 7z archive; unpack it first" },
	{ MAGIC("\x1f\x8b\x08"), DAMAGED("gzip") },
	{ MAGIC("\xfd"
		"7zXZ\0"),
	  PACKED_XZ },
	{ MAGIC("\x28\xb5\x2f\xfd"), PACKED_ZSTD },
	{ MAGIC("\x04\x22\x4d\x18"), "is compressed with lz4; decompress it first" },
	{ MAGIC("BZh"), PACKED_BZIP2 },
	{ MAGIC("PK\3\4"), "is a zip archive; unpack it first" },
#undef MAGIC
};

static enum s2_code unsupported_probe(const struct s2_file *file, struct s2_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
		char bytes[MAX_MAGIC];
		enum s2_code code = s2_source_probe_read(file, unsupported[i].off, bytes,
							 unsupported[i].len, err);

		if (code && code != S2_NOTMINE)
			return code;
		if (!code && !memcmp(bytes, unsupported[i].magic, unsupported[i].len))
			return s2_fail(err, S2_INVALID, "%s", unsupported[i].what);
	}
	return S2_NOTMINE;
}

/* Never opened: its probe only refuses. */
const struct s2_source_ops s2_source_unsupported = { .name = "unsupported",
						     .probe = unsupported_probe };
