#include "html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

#define PLACE "{path}"

/* Adds a string with HTML's special characters as entities. */
static void add_entities(hb_text *t, const char *string) {
  for (; *string != '\0'; string++) {
    switch (*string) {
      case '&': hb_text_add(t, "&amp;"); break;
      case '<': hb_text_add(t, "&lt;"); break;
      case '>': hb_text_add(t, "&gt;"); break;
      case '"': hb_text_add(t, "&quot;"); break;
      case '\'': hb_text_add(t, "&#39;"); break;
      default: hb_text_add(t, "%c", *string);
    }
  }
}

void html_add(hb_text *t, const char *string) {
  char shown[HB_UTF8_SHOWN];
  for (size_t n; (n = hb_utf8_show(string, shown)) > 0; string += n) add_entities(t, shown);
}

/* Percent-encodes all characters but slashes and those that are allowed in every part of a URL. */
static void add_encoded(hb_text *t, const char *path) {
  for (const unsigned char *c = (const unsigned char *)path; *c != '\0'; c++) {
    bool plain = (*c < 128 && isalnum(*c)) || strchr("-._~/", *c) != NULL;
    hb_text_add(t, plain ? "%c" : "%%%02X", *c);
  }
}

void html_add_picture_url(hb_text *t, const char *url, const char *path) {
  hb_text whole = {0};
  for (const char *place; (place = strstr(url, PLACE)) != NULL; url = place + strlen(PLACE)) {
    hb_text_add(&whole, "%.*s", (int)(place - url), url);
    add_encoded(&whole, path);
  }
  hb_text_add(&whole, "%s", url);
  if (whole.failed)
    t->failed = true;
  else
    html_add(t, whole.bytes);
  hb_text_free(&whole);
}

/* Not relative are "https:...", "//host/..." and "/path". */
static bool is_relative(const char *url) { return url[0] != '/' && url[strcspn(url, ":/?#")] != ':'; }

/* Adds the absolute path of `path`, percent-encoded, with its "." and ".." parts. */
static void add_absolute(hb_text *t, const char *path) {
  char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
  if (here != NULL) {
    add_encoded(t, here);
    hb_text_add(t, "/");
  } else if (path[0] != '/') {
    t->failed = true;
  }
  add_encoded(t, path);
  free(here);
}

/* Removes ".", ".." and empty parts of an absolute path, in place. Where the last part is removed, its slash stays. */
static void tidy_up(char *path) {
  char *end = path; /* the tidy part ends here, before the slash of the next part */
  for (char *part = path; *part == '/';) {
    size_t length = strcspn(part + 1, "/");
    bool up = length == 2 && memcmp(part + 1, "..", 2) == 0, here = length == 1 && part[1] == '.';
    bool last = part[1 + length] == '\0';
    if (up)
      while (end > path && *--end != '/') continue;
    if (!up && !here && length > 0) {
      memmove(end, part, length + 1);
      end += length + 1;
    } else if (last) {
      *end++ = '/';
    }
    part += length + 1;
  }
  *end = '\0';
}

/* Returns `to` relative to the folder of the file `from`. Both are absolute and tidy. */
static char *relative(const char *from, const char *to) {
  size_t common = 0; /* behind the last slash that both share */
  for (size_t i = 0; from[i] == to[i] && from[i] != '\0'; i++)
    if (from[i] == '/') common = i + 1;
  hb_text t = {0};
  for (const char *slash = from + common; (slash = strchr(slash, '/')) != NULL; slash++) hb_text_add(&t, "../");
  hb_text_add(&t, "%s", to + common);
  if (t.failed) hb_text_free(&t);
  return t.bytes;
}

char *html_relative_url(const char *folder, const char *url, const char *page) {
  if (!is_relative(url)) return strdup(url);
  hb_text from = {0}, to = {0};
  add_absolute(&from, page);
  add_absolute(&to, folder);
  hb_text_add(&to, "/%s", url);
  char *result = NULL;
  if (!from.failed && !to.failed) {
    tidy_up(from.bytes);
    tidy_up(to.bytes);
    result = relative(from.bytes, to.bytes);
  }
  hb_text_free(&from);
  hb_text_free(&to);
  return result;
}
