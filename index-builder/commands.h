/* commands.h: the commands, each in a file of its own, and what they share. */
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

/* The number of processors, at most THREADS_MAX. */
uint64_t default_threads(void);

#endif
