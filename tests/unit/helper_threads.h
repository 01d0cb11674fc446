/* helper_threads.h: a team whose further members are threads of their own. */
#ifndef HELPER_THREADS_H
#define HELPER_THREADS_H

#include <pthread.h>

#include "base/worker_team.h"

typedef struct {
  hb_worker_team *team;
  pthread_t threads[HB_WORKER_TEAM_MEMBERS_MAX];
  uint32_t count; /* of threads */
} helped_team;

/* Returns when all have come. */
helped_team helped_team_of(uint32_t members);
void helped_team_free(helped_team *team);

#endif
