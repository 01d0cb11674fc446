/* winograd_transform.h: the three transforms of F(4x4, 3x3) in whole numbers, and the products between them.
 *
 * Lavin's matrices for the points 0, 1, -1, 2, -2 and infinity, with the fractions of G multiplied away, row by row, by
 * 4, -6, -6, 24, 24 and 1, and what A lacks then times 24, less what a row of A has in common, which leaves each output
 * times `factor`:
 *
 *   B^T  4  0 -5  0  1  0     G  1  0  0     A^T  6  4  4  1  1  0   factor 24
 *        0  4  4 -1 -1  0        1  1  1          0  2 -2  1 -1  0          12
 *        0 -4  4  1 -1  0        1 -1  1          0  1  1  1  1  0           6
 *        0 -2 -1  2  1  0        1  2  4          0  1 -1  2 -2  6           6
 *        0  2 -1 -2  1  0        1 -2  4
 *        0  4  0 -5  0  1        0  0  1
 *
 * How large things get, both ways along: inputs of int8 at most 128 * 10 * 10, of bytes 0 .. 255 at most 255 * 68 (10
 * is the largest sum of a row's magnitudes, 68 that of the positive part of a row times a row), weights 128 * 7 * 7: all
 * fit into int16. Sums are taken modulo 2^32, and come out as 9 * 2^k * result, k from 2 to 6. Times the inverse of 9
 * that is 2^k * result, exactly, if 64 * result fits into 32 bits.
 *
 * The first output of four is the only one to need the first input and the point 0. So a tile that has only its last
 * three, two or one outputs to give leaves that point out, and sides that are no multiple of four cost less. */
#ifndef HB_WINOGRAD_TRANSFORM_H
#define HB_WINOGRAD_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

#include "winograd_i8.h"

#define HB_WINOGRAD_SIZE 6    /* of a tile's input */
#define HB_WINOGRAD_POINTS 36 /* each way 6; 6 * i + j has i down and j across */
#define HB_WINOGRAD_ONE 7     /* the point (1, 1): a map that is everywhere x is 36 x here, and 0 at all other points */
#define HB_WINOGRAD_SCALES 5  /* 2^k, k from 2 to 6 */

/* Eight output channels, packed: weights, then this. */
typedef struct {
  uint32_t start[HB_WINOGRAD_CHANNELS]; /* of the sums at the point one: 36 * (bias - input zero * sum of weights) */
  float scale[HB_WINOGRAD_SCALES][HB_WINOGRAD_CHANNELS]; /* multiplier / 2^k, k from 2 on */
} hb_winograd_finish;

/* Outputs from `from` on, which is not 0 where the point 0 is left out. slot[i > 0][j > 0] is where the tile is among
 * those of a block that have the point (i, j). */
typedef struct {
  uint32_t from_y, from_x;
  size_t slot[2][2];
} hb_winograd_tile;

/* A tile's input, 6 x 6 pixels from `corner` on, to v: [point][slot][channel], v_point numbers from point to point. */
void hb_winograd_input(const hb_winograd_i8 *conv, const uint8_t *corner, size_t stride, const hb_winograd_tile *tile,
                       uint16_t *v, size_t v_point);

/* Weights of eight output channels, [in / 2][2][9][4 of the eight][2 of in], to u: [point][in / 2][8][2]. */
void hb_winograd_weights(const int8_t *packed, uint32_t in, uint16_t *u, size_t u_point);

/* m[row][8] = start + v[row][in] * u[in][8] at one point. start may be NULL for 0. */
void hb_winograd_products(const uint16_t *v, const uint16_t *u, uint32_t in, size_t rows, const uint32_t *start,
                          uint32_t *m);

/* A tile's output of eight channels, from m: [point][slot][8]; `pixel` is the output's at the tile's corner. */
void hb_winograd_output(const hb_winograd_i8 *conv, const hb_winograd_finish *finish, const uint32_t *m, size_t m_point,
                        const hb_winograd_tile *tile, uint8_t *pixel, size_t stride, const hb_sum_i8 *sum,
                        const uint8_t *other);

#endif
