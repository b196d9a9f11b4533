/* SPDX-License-Identifier: ISC
 *
 * chronyc's reports about single sources, to the character. */
#ifndef CTL_PRINT_DETAIL_H
#define CTL_PRINT_DETAIL_H

#include <stdbool.h>

#include "common/cmdmon_report.h"

void print_ntpdata(const struct cmdmon_ntpdata *, bool csv);

void print_selectdata_heading(bool is_wide);
void print_selectdata(const struct cmdmon_selectdata *, const char *name,
    bool is_wide, bool csv);
void print_selectdata_legend(void);

void print_authdata_heading(bool is_wide);
void print_authdata(const struct cmdmon_authdata *, const char *name,
    bool is_wide, bool csv);
void print_authdata_legend(void);

/* Words of ntpdata: "Server", "Kernel"; "Invalid" for what is none. */
const char *print_ntp_mode(unsigned mode);
const char *print_stamp(char source);

/* "-", "SK", "NTS"; "?" for what is none. */
const char *print_auth(unsigned mode);

#endif
