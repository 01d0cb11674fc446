/* messages.h: all that the program prints. Text for people goes through here, because names of files may hold any
 * bytes: what would steer a terminal or begin a line of its own is written out (hb_utf8_show). JSON stays exact. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "base/text.h"

/* Exit codes of the contract. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Prints a line on stdout. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Likewise a line that was put together piece by piece, and frees it. */
void say_text(hb_text *text);
/* Prints a line of JSON on stdout, and frees it; what would be written out is a \uNNNN inside its strings. */
void say_json(hb_text *json);

/* Prints a line on stderr. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "note: SENTENCE" on stderr. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "index-builder: SENTENCE" on stderr and returns the exit code. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes out what is buffered. An answer that did not arrive, for instance on a full disk, is a failure: returns
 * `exit_code`, or EXIT_FAILED after telling of it. */
int messages_finish(int exit_code);

#endif
