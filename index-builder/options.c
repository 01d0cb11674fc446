#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define OPTIONS_MAX 24

static void print_help(const command_line *line) {
  printf("usage: index-builder %s [OPTION]...%s%s\n\n%s\n\n", line->name, line->operands ? " " : "",
         line->operands ? line->operands : "", line->help);
  for (size_t i = 0; i < line->count; i++) {
    const option *o = &line->options[i];
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    printf("  %-22s %s%s\n", left, o->help, o->required ? " (required)" : "");
  }
  printf("  %-22s show this help\n", "--help");
}

static bool add_to_list(text_list *list, const char *text) {
  const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
  if (items == NULL) return false;
  list->items = items;
  list->items[list->count++] = text;
  return true;
}

void text_list_free(text_list *list) {
  free(list->items);
  *list = (text_list){0};
}

/* Parses a whole or real number inside its range; if it is none, says so and returns false. */
static bool parse_number(const option *o, const char *text) {
  char *end;
  errno = 0;
  double value = strtod(text, &end);
  bool whole = o->kind == OPTION_NUMBER;
  bool fine = end != text && *end == '\0' && errno == 0 && value >= o->minimum && value <= o->maximum;
  if (fine && whole) fine = strspn(text, "0123456789") == strlen(text);
  if (!fine) {
    fail_usage("--%s must be a %snumber from %.15g to %.15g, not '%s'", o->name, whole ? "whole " : "", o->minimum,
               o->maximum, text);
    return false;
  }
  if (whole)
    *(uint64_t *)o->target = strtoull(text, NULL, 10);
  else
    *(double *)o->target = value;
  return true;
}

/* Parses four numbers. The engine checks whether they are inside a picture. */
static bool parse_region(const option *o, const char *text) {
  hb_region *r = o->target;
  int end = 0;
  if (sscanf(text, "%lf,%lf,%lf,%lf%n", &r->x, &r->y, &r->width, &r->height, &end) == 4 && text[end] == '\0')
    return true;
  fail_usage("--%s must be X,Y,WIDTH,HEIGHT as fractions of the picture from 0 to 1, not '%s'", o->name, text);
  return false;
}

static bool take(const option *o, const char *text) {
  switch (o->kind) {
    case OPTION_FLAG: return *(bool *)o->target = true;
    case OPTION_TEXT: return *(const char **)o->target = text, true;
    case OPTION_LIST: return add_to_list(o->target, text) || (fail("there is not enough memory"), false);
    case OPTION_NUMBER:
    case OPTION_REAL: return parse_number(o, text);
    case OPTION_REGION: return parse_region(o, text);
  }
  return false;
}

bool options_parse(const command_line *line, int argc, char **argv, int *operand, int *exit_code) {
  struct option long_options[OPTIONS_MAX + 2] = {0};
  bool given[OPTIONS_MAX] = {0};
  for (size_t i = 0; i < line->count; i++) {
    int has_argument = line->options[i].kind == OPTION_FLAG ? no_argument : required_argument;
    long_options[i] = (struct option){line->options[i].name, has_argument, NULL, (int)i + 1};
  }
  long_options[line->count] = (struct option){"help", no_argument, NULL, OPTIONS_MAX + 1};

  opterr = 0;
  optind = 1;
  *exit_code = EXIT_USAGE;
  for (int found; (found = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;) {
    if (found == OPTIONS_MAX + 1 || found == 'h') return print_help(line), *exit_code = EXIT_DONE, false;
    if (found == ':')
      return fail_usage("%s needs a value (see 'index-builder %s --help')", argv[optind - 1], line->name), false;
    if (found == '?' && optopt > ' ') /* a letter, which may be inside of an argument such as -xyz */
      return fail_usage("unknown option -%c (see 'index-builder %s --help')", optopt, line->name), false;
    if (found == '?')
      return fail_usage("unknown option %s (see 'index-builder %s --help')", argv[optind - 1], line->name), false;
    if (!take(&line->options[found - 1], optarg)) return false;
    given[found - 1] = true;
  }
  for (size_t i = 0; i < line->count; i++)
    if (line->options[i].required && !given[i])
      return fail_usage("--%s is missing (see 'index-builder %s --help')", line->options[i].name, line->name), false;
  if (line->operands == NULL && optind < argc)
    return fail_usage("unexpected argument '%s' (see 'index-builder %s --help')", argv[optind], line->name), false;
  if (line->operands != NULL && line->operands[0] != '[' && optind == argc)
    return fail_usage("give at least one %s (see 'index-builder %s --help')", line->operands, line->name), false;
  *operand = optind;
  *exit_code = EXIT_DONE;
  return true;
}
