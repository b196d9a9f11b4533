/* SPDX-License-Identifier: ISC
 *
 * Prints the parser's table, one tab-separated row each, for tests that
 * generate configurations:
 *
 *	directive NAME STATE
 *	value DIRECTIVE NAME KIND MIN MAX	an argument that has to be there
 *	option DIRECTIVE NAME KIND MIN MAX	one that may follow */
#include <stdio.h>

#include "conf/directives.h"

static void
print_list(const char *what, const char *directive, const struct value_list *l)
{
	static const char *const kinds[] = {
		[VALUE_FLAG] = "flag",
		[VALUE_INT] = "int",
		[VALUE_U16] = "int",
		[VALUE_U32] = "int",
		[VALUE_DOUBLE] = "double",
		[VALUE_DATE] = "date",
		[VALUE_PATH] = "path",
		[VALUE_PATH_OR_NONE] = "path-or-none",
		[VALUE_USER] = "user",
		[VALUE_NAME] = "name",
		[VALUE_DIRECTORY] = "directory",
		[VALUE_ADDR] = "addr",
		[VALUE_WORD] = "word",
		[VALUE_BIT] = "flag",
		[VALUE_OTHER] = "other",
		[VALUE_LATER] = "later",
	};

	for (unsigned i = 0; i < l->n; i++) {
		const struct value *v = &l->rows[i];

		if (v->name != NULL)
			printf("%s\t%s\t%s\t%s\t%.15g\t%.15g\n", what,
			    directive, v->name, kinds[v->kind], v->min, v->max);
	}
}

int
main(void)
{
	static const char *const states[] = {
		[DIRECTIVE_BUILT] = "built",
		[DIRECTIVE_INCLUDES] = "includes",
		[DIRECTIVE_SILENT] = "silent",
		[DIRECTIVE_OBSOLETE] = "obsolete",
		[DIRECTIVE_LATER] = "later",
	};

	for (unsigned i = 0; i < n_directives; i++) {
		const struct directive *d = &directives[i];

		printf("directive\t%s\t%s\n", d->name, states[d->state]);
		print_list("value", d->name, &d->values);
		if (d->options != NULL)
			print_list("option", d->name, d->options);
	}
	return 0;
}
