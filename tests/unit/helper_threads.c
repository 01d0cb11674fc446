#include "helper_threads.h"

#include <sched.h>

#include "support.h"

static void *help(void *team) {
  hb_worker_team_help(team, hb_worker_team_join(team));
  return NULL;
}

helped_team helped_team_of(uint32_t members) {
  helped_team t = {.count = members - 1};
  assert_ok(hb_worker_team_create(members, &t.team, &failure));
  for (uint32_t i = 0; i < t.count; i++) assert_int_equal(pthread_create(&t.threads[i], NULL, help, t.team), 0);
  while (hb_worker_team_present(t.team) < members) sched_yield();
  return t;
}

void helped_team_free(helped_team *t) {
  hb_worker_team_dismiss(t->team);
  for (uint32_t i = 0; i < t->count; i++) pthread_join(t->threads[i], NULL);
  hb_worker_team_free(t->team);
}
