/* SPDX-License-Identifier: ISC
 *
 * In the place of tock-engine: hands its end of the edge to the clock to a test,
 * which then speaks as an engine that has been taken over.
 *
 * puppet [option]... -f PATH: sends descriptor 3 to the SEQPACKET socket that
 * the test listens on at PATH, closes its own, and ends when the test says so,
 * by one byte that is the exit status, or hangs up. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "privsep/chan.h"
#include "privsep/fds.h"

int
main(int argc, char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	unsigned char status = 1;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-f") == 0)
			strncpy(un.sun_path, argv[i + 1],
			    sizeof un.sun_path - 1);

	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&un, sizeof un) < 0 ||
	    chan_send(fd, "", 1, ENGINE_FD_CLOCK, 1) < 0)
		return 1;
	close(ENGINE_FD_CLOCK);
	if (read(fd, &status, 1) != 1)
		return 1;
	return status;
}
