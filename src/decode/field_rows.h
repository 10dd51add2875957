/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of struct s2_field: a number, a number with a word per value, one that a function tells. */
#ifndef S2_DECODE_FIELD_ROWS_H
#define S2_DECODE_FIELD_ROWS_H

#include "base/bits.h"
#include "decode/arch.h"

#define PLAIN(name, high, low, meaning) \
	{ \
		(name), BITS64(high, low), NULL, (meaning), NULL \
	}
#define CHOICE(name, high, low, values, meaning) \
	{ \
		(name), BITS64(high, low), (values), (meaning), NULL \
	}
#define TEXT(name, high, low, text, meaning) \
	{ \
		(name), BITS64(high, low), NULL, (meaning), (text) \
	}

/* An array of them, as struct s2_fields. */
#define ROWS(array) ((struct s2_fields){ (array), ARRAY_SIZE(array) })

#endif
