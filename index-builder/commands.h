/* commands.h: the subcommands, a file each, and what they share. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <heybagh.h>

#include "base/text.h"

#define THREADS_MAX 256

/* Exit codes of the contract. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

int command_model(int argc, char **argv);
int command_build(int argc, char **argv);
int command_embed(int argc, char **argv);
int command_search(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_info(int argc, char **argv);

/* Prints "index-builder: SENTENCE" on stderr and returns the exit code. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a text and a line end on stdout, and frees it. */
void print_line(hb_text *text);

/* All processors, at most THREADS_MAX. */
uint64_t default_threads(void);

#endif
