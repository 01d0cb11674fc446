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
 * is the largest sum of a row's magnitudes, 68 that of the positive part of a row times a row), weights 128 * 7 * 7:
 * all fit into int16. Sums are taken modulo 2^32, and come out as 9 * 2^k * result, k from 2 to 6. Times the inverse of
 * 9 that is 2^k * result, exactly, if 64 * result fits into 32 bits.
 *
 * The first output of four is the only one to need the first input and the point 0. So a tile that has only its last
 * three, two or one outputs to give leaves that point out, and sides that are no multiple of four cost less. */
#ifndef HB_INT8_WINOGRAD_TRANSFORM_H
#define HB_INT8_WINOGRAD_TRANSFORM_H

#include "int8/conv_i8.h"

#define HB_WINOGRAD_SIZE 6    /* of a tile's input */
#define HB_WINOGRAD_POINTS 36 /* each way 6; 6 * i + j has i down and j across */
#define HB_WINOGRAD_ONE 7     /* the point (1, 1): a map that is everywhere x is 36 x here, and 0 at all other points */
#define HB_WINOGRAD_SCALES 5  /* 2^k, k from 2 to 6 */

/* How the sums of eight output channels become numbers. They are packed as their weights, then this. */
typedef struct {
  uint32_t bias[HB_CONV_CHANNELS];                   /* 36 * hb_conv_i8_bias, where the sums at the point one start */
  float scale[HB_WINOGRAD_SCALES][HB_CONV_CHANNELS]; /* hb_conv_i8_scale / 2^k, k from 2 on */
} hb_winograd_scales;

/* A tile gives the outputs of four rows and columns from (y, x) on, less those before from_y and from_x, which a
 * neighbour gives; the point 0 is left out where `from` is not 0. Tiles that have a point stand together there:
 * slot[j > 0] is where. Those without the point 0 come last in their rows, and such rows last. */
typedef struct {
  uint32_t y, x, from_y, from_x;
  uint32_t slot[2];
} hb_winograd_tile;

/* Tiles that are multiplied together. */
typedef struct {
  uint32_t rows, columns;  /* of tiles */
  uint32_t count[2][2];    /* [i > 0][j > 0]: of tiles that have the point (i, j) */
  uint32_t *order[2];      /* [j > 0]: the tile in each slot */
  hb_winograd_tile *tiles; /* row by row */
  int16_t *v;              /* the input transformed, at each point [in / 8][count][8] */
  size_t v_point;          /* numbers from point to point */
} hb_winograd_block;

/* Transforms a block's input to its v. `columns` is scratch for side + 2 columns, HB_WINOGRAD_COLUMN_BYTES each. */
#define HB_WINOGRAD_COLUMN_BYTES (HB_WINOGRAD_SIZE * 16)
void hb_winograd_input(const hb_feature_map *in, const hb_winograd_block *block, void *columns);

/* Transforms weights of eight output channels, [in / 2][2][9][4 of the eight][2 of in], to u: at each point
 * [in / 2][8][2]. */
void hb_winograd_weights(const int8_t *packed, uint32_t in, int16_t *u, size_t u_point);

/* v * u at each point, plus the bias at the point one, to m: [tile][point][8]. */
void hb_winograd_products(const hb_winograd_block *block, uint32_t in, const int16_t *u, size_t u_point,
                          const uint32_t *bias, uint32_t *m);

/* A tile's outputs of eight channels from `channel` on, from its part of m. */
void hb_winograd_output(const hb_conv_i8 *conv, const hb_winograd_scales *scales, uint32_t channel, const uint32_t *m,
                        const hb_winograd_tile *tile, const hb_feature_map *out, const hb_sum_i8 *sum);

#endif
