/* options.h: parses a command's options, and prints its --help, from a table. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <heybagh.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_REAL, OPTION_REGION } option_kind;

typedef struct {
  const char **items; /* owned by the list; the strings belong to argv */
  size_t count;
} text_list;

typedef struct {
  const char *name; /* without the dashes */
  option_kind kind;
  void *target; /* bool, const char *, text_list, uint64_t, double or hb_region; holds the default */
  bool required;
  double minimum, maximum; /* the range of a number */
  const char *argument;    /* what --help calls the value */
  const char *help;
} option;

typedef struct {
  const char *name;
  const char *operands; /* what --help calls them; NULL if the command takes none; "[...]" if they are optional */
  const char *help;     /* one or more lines that say what the command does */
  const option *options;
  size_t count;
} command_line;

/* Parses argv. Returns true if the command should run; *operand is then the first of argv that is not an option. Else
 * *exit_code is set: 0 after --help, 2 after a mistake, which has been reported. */
bool options_parse(const command_line *line, int argc, char **argv, int *operand, int *exit_code);

void text_list_free(text_list *list);

#endif
