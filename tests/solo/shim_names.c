/* SPDX-License-Identifier: ISC
 *
 * Names of that world: N.shim is server N, all.shim the first five, and there
 * are no others. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/solo/shim.h"

static struct addrinfo *
make(unsigned n, struct addrinfo *next)
{
	struct addrinfo *ai = calloc(1, sizeof *ai);
	struct sockaddr_in *sin = calloc(1, sizeof *sin);

	if (ai == NULL || sin == NULL)
		abort();
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(SHIM_NET + n);
	*ai = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_DGRAM, .ai_addrlen = sizeof *sin,
		.ai_addr = (struct sockaddr *)sin, .ai_next = next };
	return ai;
}

int
getaddrinfo(const char *restrict name, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	char *end;
	unsigned n = (unsigned)strtoul(name, &end, 10);

	(void)service;
	if (hints->ai_family == AF_INET6)
		return EAI_NONAME;
	*found = NULL;
	if (strcmp(name, "all.shim") == 0)
		for (n = 5; n > 0; n--)
			*found = make(n, *found);
	else if (n > 0 && n <= SHIM_SERVERS && strcmp(end, ".shim") == 0)
		*found = make(n, NULL);
	return *found != NULL ? 0 : EAI_NONAME;
}

void
freeaddrinfo(struct addrinfo *ai)
{
	while (ai != NULL) {
		struct addrinfo *next = ai->ai_next;

		free(ai->ai_addr);
		free(ai);
		ai = next;
	}
}
