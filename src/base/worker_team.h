/* worker_team.h: threads that share small pieces of work, here and now: the parts of one convolution, which take some
 * microseconds each, so that nobody can be asked to sleep in between.
 *
 * A team makes no threads. It has room for so many members; whoever creates it is the first, and others come by calling
 * hb_worker_team_join and hb_worker_team_help, in the browser from Workers of their own. */
#ifndef HB_BASE_WORKER_TEAM_H
#define HB_BASE_WORKER_TEAM_H

#include "base/error.h"

#define HB_WORKER_TEAM_MEMBERS_MAX 4 /* phones have that many fast cores, and a layer hardly gives work for more */
#define HB_WORKER_TEAM_ITEMS_MAX 65535

typedef struct hb_worker_team hb_worker_team;

/* Does item `item` of a job: any member may, in any order. `member`, below hb_worker_team_members, is for memory that
 * members must not share. */
typedef void hb_worker_team_job(void *context, uint32_t item, uint32_t member);

/* `members`: 1 to HB_WORKER_TEAM_MEMBERS_MAX, the one who creates it included. */
hb_status hb_worker_team_create(uint32_t members, hb_worker_team **out, hb_error *error);

/* For how many there is room, and how many there are. No team at all (NULL) is a team of one. */
uint32_t hb_worker_team_members(const hb_worker_team *team);
uint32_t hb_worker_team_present(const hb_worker_team *team);

/* Does items 0 to count - 1, at most HB_WORKER_TEAM_ITEMS_MAX, with whoever is there, and returns when all are done. To
 * be called by the first member, not from within a job. */
void hb_worker_team_run(hb_worker_team *team, uint32_t count, hb_worker_team_job *job, void *context);

/* A further member: its number, or 0 if the team is full. */
uint32_t hb_worker_team_join(hb_worker_team *team);

/* Its life: helps, sleeps when there is nothing to do for a while, and returns when the team is dismissed. */
void hb_worker_team_help(hb_worker_team *team, uint32_t member);

/* Sends all helpers away; they may still be on their way out. */
void hb_worker_team_dismiss(hb_worker_team *team);

/* After all helpers have returned. */
void hb_worker_team_free(hb_worker_team *team);

#endif
