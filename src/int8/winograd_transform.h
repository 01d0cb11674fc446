/* winograd_transform.h: the three transforms of F(4x4, 3x3) in whole numbers, and the products between them.
 *
 * The matrices are Lavin's for the points 0, 1, -1, 2, -2 and infinity, made whole. Rows of G are multiplied by 4, -6,
 * -6, 24, 24 and 1, which removes its fractions, and rows of B^T take back the minus signs. Columns of A^T are
 * multiplied by 24 and divided by the magnitudes of these numbers; then its rows are divided by what their numbers have
 * in common. So each output comes out times `factor`:
 *
 *   B^T  4  0 -5  0  1  0     G  1  0  0     A^T  6  4  4  1  1  0   factor 24
 *        0  4  4 -1 -1  0        1  1  1          0  2 -2  1 -1  0          12
 *        0 -4  4  1 -1  0        1 -1  1          0  1  1  1  1  0           6
 *        0 -2 -1  2  1  0        1  2  4          0  1 -1  2 -2  6           6
 *        0  2 -1 -2  1  0        1 -2  4
 *        0  4  0 -5  0  1        0  0  1
 *
 * After the transform in both directions, inputs of int8 are at most 128 * 10 * 10, those of bytes 0 .. 255 at most
 * 255 * 68, and weights at most 128 * 7 * 7 (10 and 7 are the largest sums of a row's magnitudes, 68 is that of the
 * positive numbers in a row times a row), which all fits into int16. Sums are taken modulo 2^32, and come out as
 * 9 * 2^k * result, where k is from 2 to 6. Multiplied by the inverse of 9 they are exactly 2^k * result, if 64 *
 * result fits into 32 bits.
 *
 * Of four outputs only the first needs the first input and the point 0. So a tile that has to give only its last three,
 * two or one outputs leaves that point out, which makes sides that are no multiple of four cheaper. */
#ifndef HB_INT8_WINOGRAD_TRANSFORM_H
#define HB_INT8_WINOGRAD_TRANSFORM_H

#include "int8/conv_i8.h"

#define HB_WINOGRAD_SIZE 6    /* rows and columns of a tile's input */
#define HB_WINOGRAD_POINTS 36 /* point 6 * i + j is the i-th down and the j-th across */
#define HB_WINOGRAD_ONE 7     /* the point (1, 1), where an input of x everywhere is 36 x; elsewhere it is 0 */
#define HB_WINOGRAD_SCALES 5  /* k is from 2 to 6 */

/* How the sums of eight output channels become numbers. */
typedef struct {
  uint32_t bias[HB_CONV_CHANNELS]; /* 36 * hb_conv_i8_bias, with which sums at the point (1, 1) start */
  float scale[HB_WINOGRAD_SCALES][HB_CONV_CHANNELS]; /* hb_conv_i8_scale / 2^k */
} hb_winograd_scales;

/* A tile gives the outputs of four rows and columns from (y, x) on, except those before from_y and from_x, which a
 * neighbour gives. Where `from` is not 0, the point 0 is left out. The tiles that have a point (i, j) lie side by side
 * at it, each at its slot[j > 0]. Those without the point 0 come last in their rows, and such rows come last. */
typedef struct {
  uint32_t y, x, from_y, from_x;
  uint32_t slot[2];
} hb_winograd_tile;

/* Tiles that are multiplied together. */
typedef struct {
  uint32_t rows, columns;  /* counted in tiles */
  uint32_t count[2][2];    /* [i > 0][j > 0]: tiles that have the point (i, j) */
  uint32_t *order[2];      /* [j > 0]: the tile in each slot */
  hb_winograd_tile *tiles; /* row by row */
  int16_t *v;              /* the transformed input: at each point [in / 8][count][8] */
  size_t v_point;          /* numbers from point to point */
} hb_winograd_block;

/* Transforms a block's input to its v. `columns` is scratch for side + 2 columns, HB_WINOGRAD_COLUMN_BYTES each. */
#define HB_WINOGRAD_COLUMN_BYTES (HB_WINOGRAD_SIZE * 16)
void hb_winograd_input(const hb_feature_map *in, const hb_winograd_block *block, void *columns);

/* Transforms the weights of eight output channels to u. They are [in / 2][2][9][4 of the eight][2 of in], and u is
 * [in / 2][8][2] at each point. */
void hb_winograd_weights(const int8_t *packed, uint32_t in, int16_t *u, size_t u_point);

/* Computes m, [tile][point][8]: v * u at each point, plus the bias at the point (1, 1). */
void hb_winograd_products(const hb_winograd_block *block, uint32_t in, const int16_t *u, size_t u_point,
                          const uint32_t *bias, uint32_t *m);

/* Computes a tile's outputs, eight channels from `channel` on, from its part of m. */
void hb_winograd_output(const hb_conv_i8 *conv, const hb_winograd_scales *scales, uint32_t channel, const uint32_t *m,
                        const hb_winograd_tile *tile, const hb_feature_map *out, const hb_sum_i8 *sum);

#endif
