/* SPDX-License-Identifier: ISC
 *
 * The longest request: a source with all its options.  A row says where a field
 * stands and what it is. */
#include "common/cmdmon_bytes.h"

#include <string.h>

#include "common/bytes.h"

#define NAME_AT 4

enum kind { WORD, FLOAT };
static const struct field {
	unsigned at; /* behind the header */
	enum kind kind;
	size_t member;
} fields[] = {
#define ROW(at, kind, member) { at, kind, offsetof(struct cmdmon_add, member) }
	ROW(0, WORD, type),
	ROW(260, WORD, port),
	ROW(264, WORD, minpoll),
	ROW(268, WORD, maxpoll),
	ROW(272, WORD, presend),
	ROW(276, WORD, minstratum),
	ROW(280, WORD, polltarget),
	ROW(284, WORD, version),
	ROW(288, WORD, maxsources),
	ROW(292, WORD, minsamples),
	ROW(296, WORD, maxsamples),
	ROW(300, WORD, key),
	ROW(304, WORD, nts_port),
	ROW(308, FLOAT, maxdelay),
	ROW(312, FLOAT, maxdelayratio),
	ROW(316, FLOAT, maxdelaydevratio),
	ROW(320, FLOAT, mindelay),
	ROW(324, FLOAT, asymmetry),
	ROW(328, FLOAT, offset),
	ROW(332, WORD, flags),
	ROW(336, WORD, filter),
	ROW(340, WORD, certset),
	ROW(344, FLOAT, maxdelayquant),
	ROW(348, WORD, maxunreach),
#undef ROW
};

/* A signed word has the bytes of the unsigned one. */
void
cmdmon_put_add(unsigned char *p, const struct cmdmon_request *r)
{
	const struct cmdmon_add *a = &r->u.add;

	memcpy(p + NAME_AT, a->name, strnlen(a->name, CMDMON_NAME_SIZE - 1));
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const void *from = (const char *)a + fields[i].member;
		uint32_t word;
		double x;

		if (fields[i].kind == FLOAT) {
			memcpy(&x, from, sizeof x);
			cmdmon_put_float(p + fields[i].at, x);
		} else {
			memcpy(&word, from, sizeof word);
			put32(p + fields[i].at, word);
		}
	}
}

void
cmdmon_get_add(struct cmdmon_request *r, const unsigned char *p)
{
	struct cmdmon_add *a = &r->u.add;
	const char *name = (const char *)p + NAME_AT;

	if (name[CMDMON_NAME_SIZE - 1] == '\0')
		memcpy(a->name, name, strlen(name));
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		void *to = (char *)a + fields[i].member;
		const uint32_t word = get32(p + fields[i].at);
		const double x = cmdmon_get_float(p + fields[i].at);

		if (fields[i].kind == FLOAT)
			memcpy(to, &x, sizeof x);
		else
			memcpy(to, &word, sizeof word);
	}
}
