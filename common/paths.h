/* SPDX-License-Identifier: ISC
 *
 * Users and places; names that packages and other programs rely on. */
#ifndef COMMON_PATHS_H
#define COMMON_PATHS_H

#define USER_ENGINE "_tock"
#define USER_CLOCK "_tockclock"
#define USER_RESOLVER "_tockdns"
#define USER_NTSKE "_tocknts"
#define GROUP_CONTROL "tock"

#define DIR_RUN "/run/tock"
#define DIR_RUN_CLOCK "/run/tock/clock"
#define DIR_EMPTY "/run/tock/empty" /* for chroot, where that must do */
#define DIR_CHRONY "/run/chrony"
#define DIR_STATE "/var/lib/tock"
#define DIR_STATE_CLOCK "/var/lib/tock/clock"

#define PATH_PID "/run/tock/tockd.pid"
#define PATH_MONITOR "/run/tock/monitor.sock"
#define PATH_CONTROL "/run/tock/control.sock"
#define PATH_CHRONY "/run/chrony/chronyd.sock"
#define PATH_CONF "/etc/tock/tock.conf"
#define PATH_CONF_CHRONY "/etc/chrony/chrony.conf" /* when there is no other */

#endif
