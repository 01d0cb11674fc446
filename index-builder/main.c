#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {
    {"model", command_model, "make a model file from ResNet-18 weights"},
    {"build", command_build, "index a folder of images for a static web site"},
    {"embed", command_embed, "print the embeddings of images"},
    {"search", command_search, "find the images of a bundle that look most like given ones"},
    {"eval", command_eval, "measure recall, precision and mAP of a bundle"},
    {"info", command_info, "check and describe a bundle or a model file"},
};

#define COMMANDS (sizeof commands / sizeof *commands)

uint64_t default_threads(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (uint64_t)processors;
}

static void print_help(void) {
  puts(
      "index-builder makes and searches indexes of visually similar images.\n\nusage: index-builder COMMAND "
      "[OPTION]...\n");
  for (size_t i = 0; i < COMMANDS; i++) printf("  %-8s %s\n", commands[i].name, commands[i].help);
  puts("\n'index-builder COMMAND --help' lists the options of a command. Exit codes: 0 done, 1 failed, 2 wrong usage.");
}

int main(int argc, char **argv) {
  if (argc < 2) return fail_usage("give a command: model, build, embed, search, eval or info (or --help)");
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
    return print_help(), EXIT_DONE;
  if (strcmp(name, "--version") == 0) return printf("index-builder %s\n", hb_version()), EXIT_DONE;
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0) return messages_finish(commands[i].run(argc - 1, argv + 1));
  return fail_usage("unknown command '%s'; use model, build, embed, search, eval or info", name);
}
