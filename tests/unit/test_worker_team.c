/* worker_team.c: every item of every job once, whoever does it and whoever is asleep. */
#include <stdatomic.h>
#include <time.h>

#include "helper_threads.h"
#include "support.h"

#define ITEMS_MAX 700

typedef struct {
  _Atomic uint32_t done[ITEMS_MAX];
  _Atomic uint32_t busy[HB_WORKER_TEAM_MEMBERS_MAX]; /* items that a member is at */
  _Atomic uint32_t members, clashes;                 /* bits of those who did something */
  uint32_t awaited;                                  /* bits of those for whom every item waits */
  _Atomic uint32_t waited;                           /* ms in all items */
} record;

static void sleep_ms(long ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL); }

/* A minute at most: on a busy machine it takes a while until a thread has its turn. */
static void wait_for_awaited(record *r) {
  while ((r->members & r->awaited) != r->awaited && atomic_fetch_add(&r->waited, 1) < 60000) sleep_ms(1);
}

static void note_item(void *context, uint32_t item, uint32_t member) {
  record *r = context;
  if (atomic_fetch_add(&r->busy[member], 1) != 0) atomic_fetch_add(&r->clashes, 1);
  atomic_fetch_or(&r->members, 1u << member);
  wait_for_awaited(r);
  atomic_fetch_add(&r->done[item], 1);
  atomic_fetch_sub(&r->busy[member], 1);
}

/* What `done` holds is what has been done when the run returns, not later. */
static void check_job(hb_worker_team *team, record *r, uint32_t count) {
  for (uint32_t i = 0; i < ITEMS_MAX; i++) atomic_store_explicit(&r->done[i], 0, memory_order_relaxed);
  hb_worker_team_run(team, count, note_item, r);
  for (uint32_t i = 0; i < ITEMS_MAX; i++)
    assert_int_equal(atomic_load_explicit(&r->done[i], memory_order_relaxed), i < count ? 1 : 0);
  assert_int_equal(r->clashes, 0);
}

static void no_team_does_all_items_in_order(void **state) {
  (void)state;
  record r = {0};
  check_job(NULL, &r, 17);
  check_job(NULL, &r, 0);
  assert_int_equal(r.members, 1);
  assert_int_equal(hb_worker_team_members(NULL), 1);
  assert_int_equal(hb_worker_team_present(NULL), 1);
}

static void a_team_to_which_nobody_has_come_works(void **state) {
  (void)state;
  hb_worker_team *team;
  record r = {0};
  assert_ok(hb_worker_team_create(3, &team, &failure));
  assert_int_equal(hb_worker_team_members(team), 3);
  assert_int_equal(hb_worker_team_present(team), 1);
  check_job(team, &r, 17);
  assert_int_equal(r.members, 1);
  hb_worker_team_free(team);
}

/* Many jobs, one at the heels of the other, of few items and of many. */
static void every_item_of_every_job_is_done_once(void **state) {
  (void)state;
  for (uint32_t members = 2; members <= HB_WORKER_TEAM_MEMBERS_MAX; members++) {
    helped_team t = helped_team_of(members);
    record r = {0};
    for (uint32_t job = 0; job < 3000; job++) check_job(t.team, &r, job % 11 == 0 ? ITEMS_MAX : job % 9);
    helped_team_free(&t);
  }
}

static void everybody_takes_part(void **state) {
  (void)state;
  helped_team t = helped_team_of(HB_WORKER_TEAM_MEMBERS_MAX);
  record r = {.awaited = (1 << HB_WORKER_TEAM_MEMBERS_MAX) - 1};
  check_job(t.team, &r, 64);
  assert_int_equal(r.members, r.awaited);
  helped_team_free(&t);
}

/* Longer than anybody is patient. */
static void rest(void) { sleep_ms(20); }

static void those_who_sleep_are_woken(void **state) {
  (void)state;
  helped_team t = helped_team_of(2);
  record r = {.awaited = 3};
  for (int i = 0; i < 20; i++) {
    rest();
    r.members = 0;
    check_job(t.team, &r, 40);
    assert_int_equal(r.members, r.awaited);
  }
  rest();
  helped_team_free(&t);
}

/* The first member, with nothing left to do, has to be woken by the one who does the last item. */
static void slow_item(void *context, uint32_t item, uint32_t member) {
  if (member > 0) rest();
  note_item(context, item, member);
}

static void the_last_item_is_waited_for(void **state) {
  (void)state;
  helped_team t = helped_team_of(2);
  for (int i = 0; i < 20; i++) {
    record r = {0};
    hb_worker_team_run(t.team, 2, slow_item, &r);
    assert_int_equal(r.done[0] + r.done[1], 2);
  }
  helped_team_free(&t);
}

static void nobody_joins_a_full_team(void **state) {
  (void)state;
  helped_team t = helped_team_of(2);
  assert_int_equal(hb_worker_team_join(t.team), 0);
  assert_int_equal(hb_worker_team_present(t.team), 2);
  record r = {0};
  check_job(t.team, &r, 40);
  helped_team_free(&t);
}

static void teams_of_impossible_size_are_refused(void **state) {
  (void)state;
  hb_worker_team *team = NULL;
  assert_fails(hb_worker_team_create(0, &team, &failure), HB_INVALID_ARGUMENT, "1 to 4");
  assert_fails(hb_worker_team_create(5, &team, &failure), HB_INVALID_ARGUMENT, "1 to 4");
  assert_null(team);
  hb_worker_team_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_team_does_all_items_in_order),
      cmocka_unit_test(a_team_to_which_nobody_has_come_works),
      cmocka_unit_test(every_item_of_every_job_is_done_once),
      cmocka_unit_test(everybody_takes_part),
      cmocka_unit_test(those_who_sleep_are_woken),
      cmocka_unit_test(the_last_item_is_waited_for),
      cmocka_unit_test(nobody_joins_a_full_team),
      cmocka_unit_test(teams_of_impossible_size_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
