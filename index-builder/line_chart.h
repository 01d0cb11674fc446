/* line_chart.h: draws a line chart as SVG for a web page, whose style sheet has the colours. */
#ifndef LINE_CHART_H
#define LINE_CHART_H

#include "base/text.h"

typedef struct {
  double x, y, second; /* `second` is the y of the other line */
  unsigned label;
  bool marked;
} line_chart_point;

typedef struct {
  const line_chart_point *points; /* at least one; x > 0, y and second 0..1, from left to right */
  unsigned count;
  bool has_second;
  const char *title, *description, *x_name, *y_name; /* plain text without < & " */
} line_chart;

/* The x axis is logarithmic; the y axis ends at 1. */
void line_chart_add(hb_text *t, const line_chart *c);

#endif
