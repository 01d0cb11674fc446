/* messages.h: prints everything that the program prints. Names of files may hold any bytes, so in text for people those
 * are written out that would steer a terminal or begin a new line (hb_utf8_show). JSON stays exact. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "base/text.h"

/* Exit codes, on which scripts rely. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Prints a line on stdout. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints a line that was put together piece by piece, and frees it. */
void say_text(hb_text *text);
/* Prints a line of JSON on stdout, and frees it. What would be written out becomes \uNNNN in its strings. */
void say_json(hb_text *json);

/* Prints a line on stderr. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "note: SENTENCE" on stderr. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "index-builder: SENTENCE" on stderr and returns the exit code. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Flushes stdout. Returns `exit_code`, or, if a part of the output was lost, for instance on a full disk, reports that
 * and returns EXIT_FAILED. */
int messages_finish(int exit_code);

#endif
