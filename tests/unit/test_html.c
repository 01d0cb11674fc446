#include "html.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

static void assert_relative(const char *folder, const char *url, const char *page, const char *expected) {
  char *found = html_relative_url(folder, url, page);
  assert_non_null(found);
  assert_string_equal(found, expected);
  free(found);
}

static void text_is_escaped(void **state) {
  (void)state;
  hb_text t = {0};
  html_add(&t, "<b> \"Tom & Jerry's\" ü");
  assert_string_equal(t.bytes, "&lt;b&gt; &quot;Tom &amp; Jerry&#39;s&quot; ü");
  hb_text_free(&t);
}

static void a_path_is_percent_encoded_in_every_place_of_the_url(void **state) {
  (void)state;
  hb_text t = {0};
  html_add_picture_url(&t, "i/{path}?a=1&b={path}", "a b/50%#1?.jpg");
  assert_string_equal(t.bytes, "i/a%20b/50%25%231%3F.jpg?a=1&amp;b=a%20b/50%25%231%3F.jpg");
  hb_text_clear(&t);
  html_add_picture_url(&t, "i/{path}", "\xc3\xbc\"'<.jpg");
  assert_string_equal(t.bytes, "i/%C3%BC%22%27%3C.jpg");
  hb_text_free(&t);
}

static void a_url_of_a_bundle_is_seen_from_the_page(void **state) {
  (void)state;
  assert_relative("site/bundle", "../images/{path}", "site/report.html", "images/{path}");
  assert_relative("site/bundle/", "./../images/{path}", "report.html", "site/images/{path}");
  assert_relative("/a/bundle", "{path}", "/b/c/report.html", "../../a/bundle/{path}");
  assert_relative("/a/b", "../../../../x/{path}", "/report.html", "x/{path}");
  assert_relative("/a/bc", "{path}", "/a/b/report.html", "../bc/{path}");
  assert_relative("/a//b/../c", "", "/a/report.html", "c/");
}

static void folders_are_percent_encoded_and_urls_are_not(void **state) {
  (void)state;
  assert_relative("/my site/b", "../i%20j/{path}", "/x.html", "my%20site/i%20j/{path}");
  assert_relative("/my site/b", "{path}", "/my site/x.html", "b/{path}");
}

static void a_url_that_is_not_relative_stays(void **state) {
  (void)state;
  assert_relative("bundle", "https://example.org/{path}", "x.html", "https://example.org/{path}");
  assert_relative("bundle", "//example.org/{path}", "x.html", "//example.org/{path}");
  assert_relative("bundle", "/images/../{path}", "x.html", "/images/../{path}");
  assert_relative("/bundle", "a?b:c/{path}", "/x.html", "bundle/a?b:c/{path}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(a_path_is_percent_encoded_in_every_place_of_the_url),
      cmocka_unit_test(a_url_of_a_bundle_is_seen_from_the_page),
      cmocka_unit_test(folders_are_percent_encoded_and_urls_are_not),
      cmocka_unit_test(a_url_that_is_not_relative_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
