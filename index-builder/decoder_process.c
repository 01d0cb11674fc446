#include "decoder_process.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thumbnail.h"

#define EXIT_NO_MEMORY 2

typedef enum { JOB_CROPS, JOB_THUMB } job_kind;

/* What both processes see. The file's bytes go through the socket, behind one byte; one byte comes back when the job is
 * done. */
typedef struct {
  job_kind kind;
  size_t size;
  bool has_region;
  hb_region region;
  hb_view view;
  uint32_t pixels;
  char path[PATH_MAX];

  hb_status status;
  hb_error error;
  hb_timings timings;
  uint32_t count; /* crops; what is not needed of their room costs no memory */
  uint8_t crops[HB_CROPS_MAX * HB_CROP_BYTES];
} exchange;

struct decoder_process {
  uint32_t seconds;
  pid_t process; /* 0: none */
  int socket;
  exchange *exchange;
};

static bool send_all(int socket, const void *bytes, size_t size) {
  for (const uint8_t *at = bytes; size > 0;) {
    ssize_t n = send(socket, at, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n, size -= (size_t)n;
  }
  return true;
}

static bool receive_all(int socket, void *bytes, size_t size) {
  for (uint8_t *at = bytes; size > 0;) {
    ssize_t n = recv(socket, at, size, MSG_WAITALL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n, size -= (size_t)n;
  }
  return true;
}

/* ---- The process ---- */

/* Its own time, so that a machine with other things to do is no reason to refuse a picture. 0: no limit. */
static void limit_time(uint32_t seconds) {
  const struct itimerval timer = {.it_value.tv_sec = seconds};
  setitimer(ITIMER_PROF, &timer, NULL);
}

static hb_status make_crops(exchange *e, const uint8_t *bytes) {
  const hb_region *region = e->has_region ? &e->region : NULL;
  hb_crops crops;
  hb_status status = hb_crops_file(bytes, e->size, region, e->view, &crops, &e->timings, &e->error);
  if (status != HB_OK) return status;
  e->count = crops.count;
  memcpy(e->crops, crops.pixels, (size_t)crops.count * HB_CROP_BYTES);
  free(crops.pixels);
  return HB_OK;
}

static hb_status work(exchange *e, const uint8_t *bytes) {
  return e->kind == JOB_THUMB ? thumbnail_write(bytes, e->size, e->pixels, e->path, &e->error) : make_crops(e, bytes);
}

/* Until the other side is closed. */
static void serve(int socket, exchange *e, uint32_t seconds) {
  uint8_t byte;
  while (receive_all(socket, &byte, 1)) {
    uint8_t *bytes = malloc(e->size);
    if (bytes == NULL && e->size > 0) _exit(EXIT_NO_MEMORY);
    if (!receive_all(socket, bytes, e->size)) return;
    limit_time(seconds);
    e->status = work(e, bytes);
    limit_time(0);
    free(bytes);
    if (!send_all(socket, &byte, 1)) return;
  }
}

/* Keeps nothing of the builder's open but its three streams: neither files nor other decoders' sockets. */
static void become_decoder(int socket, exchange *e, uint32_t seconds) {
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(SIGPROF, SIG_DFL);
  int own = dup2(socket, STDERR_FILENO + 1);
  close_range(STDERR_FILENO + 2, UINT_MAX, 0);
  serve(own, e, seconds);
  _exit(0);
}

/* ---- The builder's side ---- */

static hb_status start(decoder_process *d, hb_error *error) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
    return hb_fail(error, HB_INTERNAL, "cannot reach a process that decodes: %s", strerror(errno));
  pid_t process = fork();
  if (process == 0) become_decoder(sockets[1], d->exchange, d->seconds);
  close(sockets[1]);
  if (process < 0) {
    close(sockets[0]);
    return hb_fail(error, HB_INTERNAL, "cannot start a process that decodes: %s", strerror(errno));
  }
  d->process = process;
  d->socket = sockets[0];
  return HB_OK;
}

/* Returns how it ended, as waitpid tells it. */
static int stop(decoder_process *d) {
  int how = 0;
  shutdown(d->socket, SHUT_RDWR); /* whoever has a copy of it: not every kernel has close_range */
  close(d->socket);
  while (waitpid(d->process, &how, 0) < 0 && errno == EINTR) {
  }
  d->process = 0;
  return how;
}

/* The picture is not to blame if the system killed the process, which it does when memory is short. */
static hb_status fail_ended(const decoder_process *d, int how, hb_error *error) {
  if (WIFSIGNALED(how) ? WTERMSIG(how) == SIGKILL : WEXITSTATUS(how) == EXIT_NO_MEMORY) return hb_fail_memory(error);
  if (WIFSIGNALED(how) && WTERMSIG(how) == SIGPROF)
    return hb_fail(error, HB_CORRUPT_IMAGE, "the picture took more than %u s to decode; save it anew as JPEG or PNG",
                   d->seconds);
  return hb_fail(error, HB_CORRUPT_IMAGE, "the picture is damaged in a way that stopped its decoder (%s %d)",
                 WIFSIGNALED(how) ? "signal" : "exit code", WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
}

/* What is to be done is in d->exchange. */
static hb_status run(decoder_process *d, const void *bytes, size_t size, hb_error *error) {
  hb_status status = d->process == 0 ? start(d, error) : HB_OK;
  if (status != HB_OK) return status;
  uint8_t byte = 0;
  d->exchange->size = size;
  errno = 0;
  if (!send_all(d->socket, &byte, 1) || !send_all(d->socket, bytes, size) || !receive_all(d->socket, &byte, 1)) {
    const bool is_unreadable = errno == EFAULT; /* `bytes` is a mapping, of a file that is damaged or was cut */
    const int how = stop(d);
    return is_unreadable ? hb_fail(error, HB_IO, "cannot read the file: %s", strerror(EIO)) : fail_ended(d, how, error);
  }
  if (d->exchange->status != HB_OK && error != NULL) *error = d->exchange->error;
  return d->exchange->status;
}

hb_status decoder_process_crops(decoder_process *d, const void *bytes, size_t size, const hb_region *region,
                                hb_view view, hb_crops *out, hb_timings *timings, hb_error *error) {
  exchange *e = d->exchange;
  e->kind = JOB_CROPS;
  e->has_region = region != NULL;
  e->view = view;
  if (region != NULL) e->region = *region;
  hb_status status = run(d, bytes, size, error);
  if (status != HB_OK) return status;
  /* what crashed the decoder may have written anywhere */
  const uint32_t count = e->count;
  if (count < 1 || count > HB_CROPS_MAX)
    return hb_fail(error, HB_CORRUPT_IMAGE, "the picture is damaged in a way that its decoder did not notice");
  const size_t bytes_of_all = (size_t)count * HB_CROP_BYTES;
  uint8_t *pixels = malloc(bytes_of_all);
  if (pixels == NULL) return hb_fail_memory(error);
  memcpy(pixels, e->crops, bytes_of_all);
  out->pixels = pixels, out->count = count;
  if (timings != NULL) timings->decode = e->timings.decode, timings->preprocess = e->timings.preprocess;
  return HB_OK;
}

hb_status decoder_process_thumbnail(decoder_process *d, const void *bytes, size_t size, uint32_t pixels,
                                    const char *path, hb_error *error) {
  exchange *e = d->exchange;
  size_t length = strlen(path);
  if (length >= sizeof e->path) return hb_fail(error, HB_IO, "the path '%.200s...' is too long", path);
  e->kind = JOB_THUMB;
  e->pixels = pixels;
  memcpy(e->path, path, length + 1);
  return run(d, bytes, size, error);
}

hb_status decoder_process_create(uint32_t seconds, decoder_process **out, hb_error *error) {
  decoder_process *d = calloc(1, sizeof *d);
  if (d == NULL) return hb_fail_memory(error);
  d->seconds = seconds;
  d->exchange = mmap(NULL, sizeof *d->exchange, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (d->exchange == MAP_FAILED) return free(d), hb_fail_memory(error);
  hb_status status = start(d, error);
  if (status != HB_OK) return decoder_process_free(d), status;
  *out = d;
  return HB_OK;
}

void decoder_process_free(decoder_process *d) {
  if (d == NULL) return;
  if (d->process != 0) stop(d);
  munmap(d->exchange, sizeof *d->exchange);
  free(d);
}
