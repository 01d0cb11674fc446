#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {
    {"model", command_model, "turn ResNet-18 weights into a model file"},
    {"build", command_build, "index a folder of images into a bundle for a static site"},
    {"embed", command_embed, "print the embeddings of images"},
    {"search", command_search, "find the images of a bundle that are most like others"},
    {"eval", command_eval, "measure recall, precision and mAP of a bundle"},
    {"info", command_info, "say what a bundle or model file is"},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_error(const char *format, va_list arguments) {
  fputs("index-builder: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

int fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_error(format, arguments);
  va_end(arguments);
  return EXIT_FAILED;
}

int fail_usage(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_error(format, arguments);
  va_end(arguments);
  return EXIT_USAGE;
}

/* Lines that memory did not suffice for. */
static unsigned lines_lost;

void print_line(hb_text *text) {
  if (text->failed)
    lines_lost++;
  else
    puts(text->bytes);
  hb_text_free(text);
}

uint64_t default_threads(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (uint64_t)processors;
}

static void print_help(void) {
  puts(
      "index-builder: visually similar images, searched without a server\n\nusage: index-builder COMMAND "
      "[OPTION]...\n");
  for (size_t i = 0; i < COMMANDS; i++) printf("  %-8s %s\n", commands[i].name, commands[i].help);
  puts("\n'index-builder COMMAND --help' lists a command's options. Exit code: 0 done, 1 failed, 2 wrong usage.");
}

/* An answer that did not arrive, for instance on a full disk, is a failure. */
static int flush_output(int exit_code) {
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  if (lines_lost > 0 && exit_code == EXIT_DONE) return fail("there is not enough memory for the output");
  return lost && exit_code == EXIT_DONE ? fail("the output could not be written; is the disk full?") : exit_code;
}

int main(int argc, char **argv) {
  if (argc < 2) return fail_usage("name a command: model, build, embed, search, eval or info (or --help)");
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
    return print_help(), EXIT_DONE;
  if (strcmp(name, "--version") == 0) return printf("index-builder %s\n", hb_version()), EXIT_DONE;
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0) return flush_output(commands[i].run(argc - 1, argv + 1));
  return fail_usage("there is no command '%s'; it is one of model, build, embed, search, eval and info", name);
}
