/* commands.h: the subcommands, a file each, and what they share. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <heybagh.h>

#include "messages.h"

#define THREADS_MAX 256

int command_model(int argc, char **argv);
int command_build(int argc, char **argv);
int command_embed(int argc, char **argv);
int command_search(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_info(int argc, char **argv);

/* All processors, at most THREADS_MAX. */
uint64_t default_threads(void);

#endif
