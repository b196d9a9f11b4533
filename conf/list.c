/* SPDX-License-Identifier: ISC */
#include "conf/list.h"

#include <errno.h>
#include <stdlib.h>

void *
list_grow(void *list, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return list;
	return reallocarray(list, n == 0 ? 1 : 2 * n, size);
}

int
list_append(char ***list, size_t *n, char *text)
{
	char **grown;

	if (text == NULL)
		return -ENOMEM;
	grown = list_grow(*list, *n, sizeof *grown);
	if (grown == NULL) {
		free(text);
		return -ENOMEM;
	}
	grown[*n] = text;
	*list = grown;
	(*n)++;
	return 0;
}

void
list_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}
