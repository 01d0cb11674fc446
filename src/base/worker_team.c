#include "base/worker_team.h"

#include <stdatomic.h>
#include <stdlib.h>

#ifndef __wasm__
#include <pthread.h>
#endif

/* How often a member looks for work, or for the last item's end, before it sleeps. It takes some 50 microseconds, which
 * is longer than any part of a network that only the first member computes. */
#define PATIENCE 50000

/* A job is published by its ticket, which holds a number that is new for each job, the count of its items, and the next
 * item to be taken. A member takes an item by counting the ticket up, which succeeds only if job and item are still
 * those that it has read. */
#define TICKET(number, count) ((uint64_t)(number) << 32 | (uint64_t)(count) << 16)
#define NEXT(ticket) ((uint32_t)(ticket)&0xffff)
#define COUNT(ticket) ((uint32_t)((ticket) >> 16) & 0xffff)

#define LINE 64 /* bytes of a cache line */

struct hb_worker_team {
  _Alignas(LINE) _Atomic uint64_t ticket;
  _Alignas(LINE) _Atomic uint32_t left;  /* items of the job that are not done yet */
  _Alignas(LINE) _Atomic uint32_t calls; /* jobs so far; helpers sleep until it changes */
  _Atomic uint32_t asleep;               /* helpers that may be asleep */
  _Atomic uint32_t present;
  _Atomic bool dismissed;
  _Atomic(hb_worker_team_job *) job;
  _Atomic(void *) context;
  uint32_t members;
#ifndef __wasm__
  pthread_mutex_t mutex;
  pthread_cond_t changed;
#endif
};

/* ---- Sleep until a number changes ---- */

#ifdef __wasm_atomics__

static void sleep_while(hb_worker_team *team, _Atomic uint32_t *number, uint32_t value) {
  (void)team;
  __builtin_wasm_memory_atomic_wait32((int *)number, (int)value, -1);
}

static void wake(hb_worker_team *team, _Atomic uint32_t *number) {
  (void)team;
  __builtin_wasm_memory_atomic_notify((int *)number, HB_WORKER_TEAM_MEMBERS_MAX);
}

#elif defined __wasm__

/* Without atomics nobody shares this memory. */
static void sleep_while(hb_worker_team *team, _Atomic uint32_t *number, uint32_t value) {
  (void)team, (void)number, (void)value;
}
static void wake(hb_worker_team *team, _Atomic uint32_t *number) { (void)team, (void)number; }

#else

static void sleep_while(hb_worker_team *team, _Atomic uint32_t *number, uint32_t value) {
  pthread_mutex_lock(&team->mutex);
  while (atomic_load(number) == value) pthread_cond_wait(&team->changed, &team->mutex);
  pthread_mutex_unlock(&team->mutex);
}

static void wake(hb_worker_team *team, _Atomic uint32_t *number) {
  (void)number;
  pthread_mutex_lock(&team->mutex);
  pthread_cond_broadcast(&team->changed);
  pthread_mutex_unlock(&team->mutex);
}

#endif

/* ---- Life ---- */

hb_status hb_worker_team_create(uint32_t members, hb_worker_team **out, hb_error *error) {
  if (members < 1 || members > HB_WORKER_TEAM_MEMBERS_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "the number of threads is %u, and must be 1 to %d", members,
                   HB_WORKER_TEAM_MEMBERS_MAX);
  hb_worker_team *team = aligned_alloc(LINE, sizeof *team);
  if (team == NULL) return hb_fail_memory(error);
  *team = (hb_worker_team){.present = 1, .members = members};
#ifndef __wasm__
  pthread_mutex_init(&team->mutex, NULL);
  pthread_cond_init(&team->changed, NULL);
#endif
  *out = team;
  return HB_OK;
}

void hb_worker_team_free(hb_worker_team *team) {
  if (team == NULL) return;
#ifndef __wasm__
  pthread_cond_destroy(&team->changed);
  pthread_mutex_destroy(&team->mutex);
#endif
  free(team);
}

uint32_t hb_worker_team_members(const hb_worker_team *team) { return team != NULL ? team->members : 1; }

uint32_t hb_worker_team_present(const hb_worker_team *team) { return team != NULL ? atomic_load(&team->present) : 1; }

uint32_t hb_worker_team_join(hb_worker_team *team) {
  uint32_t present = atomic_load(&team->present);
  while (present < team->members)
    if (atomic_compare_exchange_weak(&team->present, &present, present + 1)) return present;
  return 0;
}

/* ---- Work ---- */

/* Computes one item, if there is one to take. */
static bool do_item(hb_worker_team *team, uint32_t member) {
  uint64_t ticket = atomic_load(&team->ticket);
  while (NEXT(ticket) < COUNT(ticket)) {
    hb_worker_team_job *job = atomic_load(&team->job);
    void *context = atomic_load(&team->context);
    if (!atomic_compare_exchange_weak(&team->ticket, &ticket, ticket + 1)) continue;
    job(context, NEXT(ticket), member);
    if (atomic_fetch_sub(&team->left, 1) == 1) wake(team, &team->left);
    return true;
  }
  return false;
}

static void publish(hb_worker_team *team, uint32_t count, hb_worker_team_job *job, void *context) {
  atomic_store(&team->job, job);
  atomic_store(&team->context, context);
  atomic_store(&team->left, count);
  const uint32_t number = atomic_load(&team->calls) + 1;
  atomic_store(&team->ticket, TICKET(number, count));
  atomic_store(&team->calls, number);
  if (atomic_load(&team->asleep) > 0) wake(team, &team->calls);
}

static void wait_for_last(hb_worker_team *team) {
  uint32_t left;
  for (uint32_t looks = 0; (left = atomic_load(&team->left)) > 0; looks++)
    if (looks >= PATIENCE) sleep_while(team, &team->left, left);
}

void hb_worker_team_run(hb_worker_team *team, uint32_t count, hb_worker_team_job *job, void *context) {
  if (hb_worker_team_present(team) == 1 || count <= 1) {
    for (uint32_t item = 0; item < count; item++) job(context, item, 0);
    return;
  }
  publish(team, count, job, context);
  while (do_item(team, 0)) {
  }
  wait_for_last(team);
}

/* No job is missed: one that is published from here on changes `calls`, and an earlier one shows in the ticket. */
static void sleep_until_called(hb_worker_team *team) {
  const uint32_t calls = atomic_load(&team->calls);
  atomic_fetch_add(&team->asleep, 1);
  const uint64_t ticket = atomic_load(&team->ticket);
  if (NEXT(ticket) == COUNT(ticket) && !atomic_load(&team->dismissed)) sleep_while(team, &team->calls, calls);
  atomic_fetch_sub(&team->asleep, 1);
}

void hb_worker_team_help(hb_worker_team *team, uint32_t member) {
  for (uint32_t looks = 0; !atomic_load(&team->dismissed); looks++) {
    if (do_item(team, member)) looks = 0;
    if (looks < PATIENCE) continue;
    sleep_until_called(team);
    looks = 0;
  }
}

void hb_worker_team_dismiss(hb_worker_team *team) {
  atomic_store(&team->dismissed, true);
  atomic_fetch_add(&team->calls, 1);
  wake(team, &team->calls);
}
