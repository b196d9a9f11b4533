/* SPDX-License-Identifier: ISC
 *
 * Arrays that grow at their end.  Room is always the next power of two, so that
 * the number of elements alone tells when there is no more.  Inside conf/
 * only. */
#ifndef CONF_LIST_H
#define CONF_LIST_H

#include <stddef.h>

/* Makes room for one element more behind the n of size bytes in list (NULL for
 * n = 0).  Returns the list, perhaps moved, or NULL with the old one kept. */
void *list_grow(void *list, size_t n, size_t size);

/* Puts a string from malloc() behind the *n of *list.  It is taken over, also
 * on failure; NULL counts as out of memory.  Returns 0 or -ENOMEM. */
int list_append(char ***list, size_t *n, char *text);

/* Frees the n strings, and the list. */
void list_free(char **list, size_t n);

#endif
