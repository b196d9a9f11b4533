/* SPDX-License-Identifier: ISC
 *
 * How large a configuration may be, and the names of the bits in it. */
#ifndef CONF_BOUNDS_H
#define CONF_BOUNDS_H

#define CONFIG_PATH_MAX 1024
#define CONFIG_DRIFT_NAME_MAX 55 /* of the drift file, without directory */
#define CONFIG_SOURCES_MAX 1000
#define CONFIG_WARNINGS_MAX 100  /* more are not kept */
#define CONFIG_SIZE_MAX (4 << 20) /* bytes of all files together */
#define CONFIG_FILES_MAX 1000
#define CONFIG_LINES_MAX 20000 /* directives, comments do not count */

#define CONFIG_BROADCASTS_MAX 16
#define CONFIG_LISTENERS_MAX 8
#define CONFIG_SOURCEDIRS_MAX 10
#define CONFIG_SOURCEDIR_LEN 256
#define CONFIG_TZ_MAX 64         /* name of a time zone */
#define CONFIG_WORKERS_MAX 64
#define CONFIG_DEVICE_MAX 16     /* name of an interface, IFNAMSIZ */

/* Selection options of a source, in config_source.select. */
enum config_select {
	SELECT_PREFER = 1 << 0,
	SELECT_NOSELECT = 1 << 1,
	SELECT_TRUST = 1 << 2,
	SELECT_REQUIRE = 1 << 3,
};

enum config_authselect {
	AUTHSELECT_MIX, AUTHSELECT_IGNORE, AUTHSELECT_PREFER,
	AUTHSELECT_REQUIRE,
};

/* How a leap second is made. */
enum config_leapsec {
	LEAPSEC_SYSTEM, LEAPSEC_STEP, LEAPSEC_SLEW, LEAPSEC_IGNORE,
};

/* Commands that `opencommands` opens to UDP, in config.opencommands. */
enum config_open {
	OPEN_ACTIVITY = 1 << 0,
	OPEN_AUTHDATA = 1 << 1,
	OPEN_CLIENTS = 1 << 2,
	OPEN_MANUAL = 1 << 3,
	OPEN_NTPDATA = 1 << 4,
	OPEN_RTCDATA = 1 << 5,
	OPEN_SELECTDATA = 1 << 6,
	OPEN_SERVERSTATS = 1 << 7,
	OPEN_SMOOTHING = 1 << 8,
	OPEN_SOURCENAME = 1 << 9,
	OPEN_SOURCES = 1 << 10,
	OPEN_SOURCESTATS = 1 << 11,
	OPEN_TRACKING = 1 << 12,
};
#define OPEN_DEFAULT                                                           \
	(OPEN_ACTIVITY | OPEN_MANUAL | OPEN_RTCDATA | OPEN_SMOOTHING |         \
	    OPEN_SOURCENAME | OPEN_SOURCES | OPEN_SOURCESTATS | OPEN_TRACKING)

#endif
