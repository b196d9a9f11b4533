/* SPDX-License-Identifier: ISC
 *
 * The judge: prints once a second how far CLOCK_REALTIME is from the
 * reference's scale and how fast the kernel lets it run, one line of JSON
 * each (refscale.h).  It shares nothing with the daemon under test and asks
 * nobody: the anchor in the file is all it needs. */
#include "tests/reference/refscale.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct refscale scale;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: observer ANCHOR [COUNT [SECONDS]]\n");
		return 1;
	}
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0; /* 0: no end */
	double interval = argc > 3 ? strtod(argv[3], NULL) : 1;

	int error = refscale_load(&scale, argv[1]);
	if (error != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	for (long i = 1;; i++) {
		refscale_report(&scale);
		if (i == count)
			return 0;
		usleep((useconds_t)(interval * 1e6));
	}
}
