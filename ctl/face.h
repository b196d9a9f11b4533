/* SPDX-License-Identifier: ISC
 *
 * What the command line says, read in one of two ways. */
#ifndef CTL_FACE_H
#define CTL_FACE_H

#include "ctl/ctl.h"

struct start {
	const char *hosts; /* NULL: the face's own places */
	uint16_t port;
	const char *user;  /* to become, if root; or NULL */
	bool each;         /* each argument is a command */
	bool prompt;       /* read commands from stdin */
	int first;         /* index in argv of the first word of a command */
};

#define FACE_GO_ON (-1)

/* Fill ctl and s from the options.  Return FACE_GO_ON, or the exit code when
 * the program is done: help, version, a mistake (which was told). */
int chronyc_options(struct ctl *ctl, struct start *s, int argc, char **argv);
int tockctl_options(struct ctl *ctl, struct start *s, int argc, char **argv);

/* What an interactive chronyc says first. */
void chronyc_banner(void);

#endif
