/* worker_team.h: threads that share one convolution. Its parts take some microseconds each, which is too short for a
 * thread to sleep in between.
 *
 * A team starts no threads. It has room for a number of members. The thread that creates it is the first; others join
 * with hb_worker_team_join and hb_worker_team_help, which Workers call in the browser. */
#ifndef HB_BASE_WORKER_TEAM_H
#define HB_BASE_WORKER_TEAM_H

#include "base/error.h"

#define HB_WORKER_TEAM_MEMBERS_MAX 4 /* phones have so many fast cores, and a layer hardly has work for more */
#define HB_WORKER_TEAM_ITEMS_MAX 65535

typedef struct hb_worker_team hb_worker_team;

/* Computes item `item` of a job. Any member may call it, in any order. `member` is below hb_worker_team_members, and
 * selects the memory that members must not share. */
typedef void hb_worker_team_job(void *context, uint32_t item, uint32_t member);

/* Creates a team with room for `members`, 1 to HB_WORKER_TEAM_MEMBERS_MAX, including the caller. */
hb_status hb_worker_team_create(uint32_t members, hb_worker_team **out, hb_error *error);

/* They return for how many members there is room, and how many there are. NULL is a team of one. */
uint32_t hb_worker_team_members(const hb_worker_team *team);
uint32_t hb_worker_team_present(const hb_worker_team *team);

/* Computes items 0 to count - 1, at most HB_WORKER_TEAM_ITEMS_MAX, with all members present, and returns when all are
 * done. Only the first member may call it, and not from within a job. */
void hb_worker_team_run(hb_worker_team *team, uint32_t count, hb_worker_team_job *job, void *context);

/* Joins the team. Returns the new member's number, or 0 if the team is full. */
uint32_t hb_worker_team_join(hb_worker_team *team);

/* Runs the member's loop: it helps, and sleeps when there is nothing to do for a while. Returns when the team is
 * dismissed. */
void hb_worker_team_help(hb_worker_team *team, uint32_t member);

/* Makes hb_worker_team_help return in all members, but does not wait for them. */
void hb_worker_team_dismiss(hb_worker_team *team);

/* May be called after all helpers have returned. `team` may be NULL. */
void hb_worker_team_free(hb_worker_team *team);

#endif
