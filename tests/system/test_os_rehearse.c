/* SPDX-License-Identifier: ISC
 *
 * The packet that goes before a request. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/os/tstamp_linux.h"

#define TIMES 300 /* more than a receive queue takes */

START_TEST(it_comes_back_and_is_taken_away_with_its_stamp)
{
	int fd = tstamp_keep_on();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned char byte = 0;

	ck_assert_int_eq(send(fd, &byte, 1, MSG_DONTWAIT), 1);
	ck_assert_int_eq(poll(&p, 1, 1000), 1); /* to itself it goes */
	ck_assert_int_eq(p.revents, POLLIN | POLLERR);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	ck_assert_int_ge(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_ERRQUEUE), 0);
	for (int i = 0; i < TIMES; i++)
		tstamp_rehearse(fd);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	close(fd);
}
END_TEST

UNIT_MAIN("os_rehearse",
    it_comes_back_and_is_taken_away_with_its_stamp)
