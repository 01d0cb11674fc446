/* faults.c: preloaded into index-builder (LD_PRELOAD), lets one of its requests to the system fail: the one with number
 * FAULTS_AT, counted from 1 over all processes of a run. FAULTS_KIND is
 * - EIO or ENOSPC: that call on a file or folder fails with this error.
 * - KILL: the program is killed before it.
 * - MEMORY: it is allocations that are counted, and that one finds no memory. Not in a sanitized build, whose own
 *   allocator comes first.
 *
 * When it has happened, the file FAULTS_HIT names the call. Files of the system (/proc, /sys, /dev) do not count. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 1024

static struct {
  long at;
  int error; /* 0: kill */
  bool memory;
  const char *hit;
  pid_t program;
  _Atomic long *calls;    /* shared with the processes that it starts; NULL: nothing fails */
  bool system[FILES_MAX]; /* by descriptor */
} state;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

/* The system's own function of this name. */
#define REAL(name) ((__typeof__(&(name)))next(#name))

static void note_hit(const char *what) {
  const int file = REAL(open)(state.hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  REAL(write)(file, what, strlen(what));
  REAL(close)(file);
}

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("FAULTS_AT"), *kind = getenv("FAULTS_KIND");
  state.hit = getenv("FAULTS_HIT");
  if (at == NULL || kind == NULL || state.hit == NULL) return;
  state.at = atol(at);
  state.memory = strcmp(kind, "MEMORY") == 0;
  state.error = state.memory ? ENOMEM : strcmp(kind, "EIO") == 0 ? EIO : strcmp(kind, "ENOSPC") == 0 ? ENOSPC : 0;
  state.program = getpid();
  void *shared = mmap(NULL, sizeof *state.calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared != MAP_FAILED) state.calls = shared;
}

static bool is_turn(const char *what, bool memory) {
  if (state.calls == NULL || memory != state.memory || atomic_fetch_add(state.calls, 1) + 1 != state.at) return false;
  note_hit(what);
  return true;
}

/* True if the call at hand is the one to fail; errno says how. */
static bool fails(const char *what) {
  if (!is_turn(what, false)) return false;
  if (state.error == 0) {
    kill(state.program, SIGKILL);
    raise(SIGKILL);
  }
  errno = state.error;
  return true;
}

static bool is_system(const char *path) {
  return strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0 || strncmp(path, "/dev", 4) == 0;
}

static bool counts(int file) { return file >= 0 && file < FILES_MAX && !state.system[file]; }

static int note(int file, const char *path) {
  if (file >= 0 && file < FILES_MAX) state.system[file] = is_system(path);
  return file;
}

/* ---- Descriptors ---- */

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (!is_system(path) && fails(__func__)) return -1;
  return note(REAL(open)(path, flags, mode), path);
}

ssize_t read(int file, void *bytes, size_t size) {
  return counts(file) && fails(__func__) ? -1 : REAL(read)(file, bytes, size);
}

ssize_t pread(int file, void *bytes, size_t size, off_t at) {
  return counts(file) && fails(__func__) ? -1 : REAL(pread)(file, bytes, size, at);
}

ssize_t write(int file, const void *bytes, size_t size) {
  return counts(file) && file > 2 && fails(__func__) ? -1 : REAL(write)(file, bytes, size);
}

int fsync(int file) { return counts(file) && fails(__func__) ? -1 : REAL(fsync)(file); }

/* As the system does it: the descriptor is gone all the same. */
int close(int file) {
  const bool failing = counts(file) && fails(__func__);
  const int error = errno, closed = REAL(close)(file);
  if (!failing) return closed;
  errno = error;
  return -1;
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  return counts(file) && fails(__func__) ? MAP_FAILED : REAL(mmap)(address, size, protection, flags, file, offset);
}

/* ---- Streams ---- */

FILE *fopen(const char *path, const char *mode) {
  if (!is_system(path) && fails(__func__)) return NULL;
  FILE *file = REAL(fopen)(path, mode);
  if (file != NULL) note(fileno(file), path);
  return file;
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file) {
  return counts(fileno(file)) && fileno(file) > 2 && fails(__func__) ? 0 : REAL(fwrite)(bytes, size, count, file);
}

int fflush(FILE *file) {
  return file != NULL && fileno(file) > 2 && counts(fileno(file)) && fails(__func__) ? EOF : REAL(fflush)(file);
}

int fclose(FILE *file) {
  const bool failing = counts(fileno(file)) && fails(__func__);
  const int error = errno, closed = REAL(fclose)(file);
  if (!failing) return closed;
  errno = error;
  return EOF;
}

/* ---- Names ---- */

int rename(const char *from, const char *to) { return fails(__func__) ? -1 : REAL(rename)(from, to); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  return fails(__func__) ? -1 : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int mkdir(const char *path, mode_t mode) { return fails(__func__) ? -1 : REAL(mkdir)(path, mode); }

int rmdir(const char *path) { return fails(__func__) ? -1 : REAL(rmdir)(path); }

int unlink(const char *path) { return fails(__func__) ? -1 : REAL(unlink)(path); }

int unlinkat(int folder, const char *path, int flags) {
  return fails(__func__) ? -1 : REAL(unlinkat)(folder, path, flags);
}

int link(const char *from, const char *to) { return fails(__func__) ? -1 : REAL(link)(from, to); }

int lstat(const char *path, struct stat *info) {
  return !is_system(path) && fails(__func__) ? -1 : REAL(lstat)(path, info);
}

DIR *opendir(const char *path) { return !is_system(path) && fails(__func__) ? NULL : REAL(opendir)(path); }

struct dirent *readdir(DIR *folder) {
  return counts(dirfd(folder)) && fails(__func__) ? NULL : REAL(readdir)(folder);
}

/* ---- Memory ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool refused(void) {
  if (!is_turn("memory", true)) return false;
  errno = ENOMEM;
  return true;
}

void *malloc(size_t size) { return refused() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return refused() ? NULL : __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return refused() ? NULL : __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return refused() ? NULL : __libc_memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = refused() ? NULL : __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *out = memory;
  return 0;
}
