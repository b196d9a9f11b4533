/* SPDX-License-Identifier: ISC
 *
 * What sources said, and corrections, that wait for their time. */
#include "unit.h"

#include "daemon/engine/selection.h"
#include "tests/emu/turn.h"

START_TEST(who_is_selected_again_is_not_counted_again)
{
	struct world w;

	world_init(&w, 2);
	w.distance[0] = 5e-3;
	world_start(&w);
	struct source *s = world_source(&w, 1);
	selection_forget(&w.engine);
	world_run(&w, 20);
	w.engine.selected = world_source(&w, 0);
	w.distance[1] = 0;
	turn(&w, s, DELAY, DELAY);
	engine_update_now(&w.engine);
	w.engine.selected = world_source(&w, 0);
	s->score = 1;
	w.engine.chosen = w.os.mono;
	engine_update(&w.engine, s);
	ck_assert(s->is_news);
	engine_reselect(&w.engine);
	double score = s->score;
	ck_assert_double_gt(score, 1);
	engine_update_now(&w.engine);
	ck_assert_double_eq(s->score, score);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("waiting", who_is_selected_again_is_not_counted_again)
