#include "line_chart.h"

#include <math.h>

/* The size of the picture, and the edges of the plot in it. */
#define WIDTH 720
#define HEIGHT 380
#define LEFT 64
#define RIGHT 700
#define TOP 36
#define BOTTOM 324

typedef struct {
  double low, high; /* logarithms of the ends of the x axis */
  double floor;     /* the lower end of the y axis */
  double step;      /* between two ticks of the y axis */
} scales;

static double place_x(const scales *s, double x) {
  return LEFT + (log10(x) - s->low) / (s->high - s->low) * (RIGHT - LEFT);
}

static double place_y(const scales *s, double y) { return BOTTOM - (y - s->floor) / (1 - s->floor) * (BOTTOM - TOP); }

/* Leaves room on both sides of the points and spans at least a decade. Takes the largest step that has four ticks or
 * more. */
static scales choose_scales(const line_chart *c) {
  double first = log10(c->points[0].x), last = log10(c->points[c->count - 1].x), least = 1;
  for (unsigned i = 0; i < c->count; i++) {
    least = fmin(least, c->points[i].y);
    if (c->has_second) least = fmin(least, c->points[i].second);
  }
  double room = fmax(0.08 * (last - first), (1 - (last - first)) / 2);
  static const double steps[] = {0.2, 0.1, 0.05, 0.02, 0.01, 0.005};
  unsigned n = 0;
  while (n + 1 < sizeof steps / sizeof *steps && (1 - least) / steps[n] < 3) n++;
  double ticks = ceil((1 - least) / steps[n] - 1e-9);
  return (scales){first - room, last + room, 1 - fmax(ticks, 1) * steps[n], steps[n]};
}

static void add_y_axis(hb_text *t, const scales *s, const char *name) {
  unsigned ticks = (unsigned)lround((1 - s->floor) / s->step);
  for (unsigned i = 0; i <= ticks; i++) {
    double y = s->floor + i * s->step, at = place_y(s, y);
    hb_text_add(t, "<path class=grid d=\"M%d %.1fH%d\"/>", LEFT, at, RIGHT);
    hb_text_add(t, "<text class=end x=%d y=\"%.1f\">%.*f</text>\n", LEFT - 8, at + 4, s->step < 0.01 ? 3 : 2, y);
  }
  hb_text_add(t, "<text x=%d y=%d>%s</text>\n", LEFT - 40, TOP - 18, name);
}

/* Adds ticks at 1, 2 and 5 times the powers of ten, or, if that is too many, at the powers only. */
static void add_x_axis(hb_text *t, const scales *s, const char *name) {
  static const double parts[] = {1, 2, 5};
  unsigned used = s->high - s->low > 4 ? 1 : 3;
  for (int decade = (int)floor(s->low); decade <= (int)ceil(s->high); decade++)
    for (unsigned i = 0; i < used; i++) {
      double x = parts[i] * pow(10, decade), at = place_x(s, x);
      if (log10(x) < s->low || log10(x) > s->high) continue;
      hb_text_add(t, "<path class=axis d=\"M%.1f %dv5\"/>", at, BOTTOM);
      hb_text_add(t, "<text class=middle x=\"%.1f\" y=%d>%.6g</text>\n", at, BOTTOM + 20, x);
    }
  hb_text_add(t, "<path class=axis d=\"M%d %dH%d\"/>", LEFT, BOTTOM, RIGHT);
  hb_text_add(t, "<text class=end x=%d y=%d>%s</text>\n", RIGHT, BOTTOM + 42, name);
}

static void add_line(hb_text *t, const line_chart *c, const scales *s, bool second) {
  hb_text_add(t, "<path class=\"line%s\" d=\"", second ? " second" : "");
  for (unsigned i = 0; i < c->count; i++)
    hb_text_add(t, "%c%.1f %.1f", i > 0 ? 'L' : 'M', place_x(s, c->points[i].x),
                place_y(s, second ? c->points[i].second : c->points[i].y));
  hb_text_add(t, "\"/>\n");
}

static void add_points(hb_text *t, const line_chart *c, const scales *s, bool second) {
  for (unsigned i = 0; i < c->count; i++) {
    const line_chart_point *p = &c->points[i];
    hb_text_add(t, "<circle class=\"point%s%s\" cx=\"%.1f\" cy=\"%.1f\" r=%d />\n", second ? " second" : "",
                p->marked ? " marked" : "", place_x(s, p->x), place_y(s, second ? p->second : p->y), p->marked ? 6 : 4);
  }
}

/* Returns true if the labels of two points would touch. */
static bool is_near(const scales *s, const line_chart_point *a, const line_chart_point *b) {
  return fabs(place_x(s, a->x) - place_x(s, b->x)) < 30;
}

/* Adds labels beside the points, unless they are crowded. A marked point always has one. */
static void add_labels(hb_text *t, const line_chart *c, const scales *s) {
  const line_chart_point *marked = NULL, *last = NULL;
  for (unsigned i = 0; i < c->count; i++)
    if (c->points[i].marked) marked = &c->points[i];
  for (unsigned i = 0; i < c->count; i++) {
    const line_chart_point *p = &c->points[i];
    bool crowded = (last != NULL && is_near(s, p, last)) || (marked != NULL && is_near(s, p, marked));
    if (p != marked && crowded) continue;
    hb_text_add(t, "<text class=\"label%s\" x=\"%.1f\" y=\"%.1f\">%u</text>\n", p->marked ? " marked" : "",
                place_x(s, p->x) - 5, place_y(s, p->y) - 9, p->label);
    last = p;
  }
}

void line_chart_add(hb_text *t, const line_chart *c) {
  scales s = choose_scales(c);
  hb_text_add(t, "<svg viewBox=\"0 0 %d %d\" role=img aria-labelledby=\"curve-title curve-description\">\n", WIDTH,
              HEIGHT);
  hb_text_add(t, "<title id=curve-title>%s</title>\n<desc id=curve-description>%s</desc>\n", c->title, c->description);
  add_y_axis(t, &s, c->y_name);
  add_x_axis(t, &s, c->x_name);
  for (unsigned line = c->has_second ? 2 : 1; line-- > 0;) {
    add_line(t, c, &s, line == 1);
    add_points(t, c, &s, line == 1);
  }
  add_labels(t, c, &s);
  hb_text_add(t, "</svg>\n");
}
