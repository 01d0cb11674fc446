#!/usr/bin/env python3
"""vectors.py COUNT DIRECTORY [--seed N] [--overlap X]: synthetic embeddings for benchmarks, as hard to index as real
ones.

Writes into DIRECTORY
  vectors.npy  [COUNT][256] float32, unit length
  ids.tsv      a line a vector: "c00123/00001234<TAB>c00123": path, which ends in the row's number, and label
  queries.npy  [1000][256], drawn from the same clusters but in no row
  truth.npy    [1000][4] int32: the rows with the largest cosines, by exact search, nearest first
Memory does not grow with COUNT. The same arguments give the same numbers on one machine.

A vector is  realm + group + cluster + variation + noise,  scaled to unit length. Clusters have log-normal sizes of 86
on average; eight share a group, and 101 a realm, so that a larger set is a larger world, not a denser one. Groups and
clusters are drawn with a decaying spectrum in directions common to their realm; each cluster varies in 64 directions of
its own, which lean towards the common ones, so that clusters touch and overlap. The directions of realms are related
(OVERLAP 0: not at all, 1: the same), and none is an axis.

One realm was fitted to ResNet-18 embeddings of Caltech-101 (8,677 images of 101 classes, logits of unit length); both
sets measured by hardness.py:
                                        Caltech-101   synthetic
  local intrinsic dimension (k = 20)           12.7        12.6
  cosine of neighbours 1, 4, 20     0.83 0.79 0.72   0.81 0.77 0.70
  recall@4 of 186 lists, nprobe 1             0.695       0.699
                                2             0.849       0.871
                                4             0.942       0.947
                                8             0.982       0.980
                               13             0.992       0.991      (7.3 % and 8.0 % of the vectors scanned)
                               32             0.999       0.998
OVERLAP was fitted to how Caltech-101 grows: of 12, 25, 50 and 101 of its classes, 2 sqrt(n) lists need nprobe 5.5, 4.5,
4.2 and 4.4 for recall@4 0.95, so about the same however many classes there are. Here they need 4.4 of 10,000 vectors,
3.6 of 100,000 and 5.7 of 1,000,000 (with overlap 0.6 the latter is 3.7, with 0.7 10, with 0.8 20)."""
import argparse
import functools
from pathlib import Path

import numpy as np

DIM, K, QUERIES = 256, 4, 1000
CLUSTER_SIZE, CLUSTER_SPREAD = 86, 0.59  # mean; standard deviation of the logarithm
SIBLINGS, REALM_CLUSTERS = 8, 101  # clusters in a group, and in a realm
OVERLAP = 0.65  # of realms
MEAN = 0.36  # length of the part that the vectors of a realm share
BETWEEN, GROUP_SHARE, BETWEEN_DECAY = 0.459, 0.6, 1.2  # variance of centres; the groups' part of it; spectrum
WITHIN, WITHIN_SPREAD, WITHIN_RANK, WITHIN_DECAY = 0.41, 0.23, 64, 0.7  # the same of a cluster's own variation
LEAN = 1.1  # decay of the common spectrum towards which a cluster's own directions lean
RADIUS_SPREAD = 0.3  # some members are further out than a Gaussian's
NOISE = 0.02  # variance
BLOCK_ROWS = 16384
# Streams of random numbers, so that a cluster can be made without those before it.
WORLD, SIZES, GROUP, CLUSTER, ROWS, HELD_OUT, CHOICE, REALM = range(8)


def spectrum(rank, decay):
    variances = np.arange(1, rank + 1) ** -decay
    return np.sqrt(variances / variances.sum()).astype(np.float32)


class World:
    def __init__(self, count, seed, overlap):
        self.seed, self.overlap = seed, overlap
        rng = self.stream(WORLD)
        self.rotation = np.linalg.qr(rng.standard_normal((DIM, DIM)))[0].astype(np.float32)
        self.between, self.lean = spectrum(DIM, BETWEEN_DECAY), spectrum(DIM, LEAN)
        self.within = spectrum(WITHIN_RANK, WITHIN_DECAY)
        weights = self.stream(SIZES).lognormal(0, CLUSTER_SPREAD, max(1, round(count / CLUSTER_SIZE)))
        ends = np.floor(np.cumsum(weights) / weights.sum() * count + 0.5).astype(np.int64)
        self.sizes = np.diff(ends, prepend=0)

    def stream(self, *key):
        return np.random.default_rng([self.seed, *key])

    @functools.lru_cache(maxsize=1)  # clusters come in order
    def realm(self, number):
        """Its centre, and the rotation that makes its directions."""
        rng = self.stream(REALM, number)
        centre = rng.standard_normal(DIM)
        centre *= MEAN / np.linalg.norm(centre)
        other = rng.standard_normal((DIM, DIM)) / DIM ** 0.5
        turn, signs = np.linalg.qr(self.overlap * np.eye(DIM) + (1 - self.overlap) * other)
        turn *= np.sign(np.diag(signs))
        return centre.astype(np.float32), turn.astype(np.float32) @ self.rotation

    def centre(self, cluster, own):
        def draw(rng):
            return rng.standard_normal(DIM).astype(np.float32) * self.between
        group = draw(self.stream(GROUP, cluster // SIBLINGS))
        return BETWEEN ** 0.5 * (GROUP_SHARE ** 0.5 * group + (1 - GROUP_SHARE) ** 0.5 * draw(own))

    def rows(self, cluster, count, stream=ROWS):
        """`count` members of a cluster; other ones of another stream."""
        own = self.stream(CLUSTER, cluster)
        realm, rotation = self.realm(cluster // REALM_CLUSTERS)
        centre = realm + self.centre(cluster, own) @ rotation
        directions = own.standard_normal((WITHIN_RANK, DIM)).astype(np.float32) * self.lean
        scale = (WITHIN * own.lognormal(0, WITHIN_SPREAD)) ** 0.5
        rng = self.stream(stream, cluster)
        members = rng.standard_normal((count, WITHIN_RANK)).astype(np.float32) * self.within
        members *= (scale * rng.lognormal(0, RADIUS_SPREAD, (count, 1))).astype(np.float32)
        rows = centre + members @ (directions @ rotation)
        rows += rng.standard_normal((count, DIM)).astype(np.float32) * (NOISE / DIM) ** 0.5
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype('<f4')

    def queries(self):
        rng = self.stream(CHOICE)
        chosen = rng.choice(len(self.sizes), QUERIES, p=self.sizes / self.sizes.sum())
        clusters, counts = np.unique(chosen, return_counts=True)
        rows = np.concatenate([self.rows(c, n, HELD_OUT) for c, n in zip(clusters, counts)])
        return rng.permutation(rows)

    def blocks(self):
        """All rows, some clusters at a time: first row's number, cluster of each row, rows."""
        first, begin = 0, 0
        while begin < len(self.sizes):
            end = begin + 1
            while end < len(self.sizes) and self.sizes[begin:end + 1].sum() <= BLOCK_ROWS:
                end += 1
            block = np.concatenate([self.rows(c, self.sizes[c]) for c in range(begin, end)])
            yield first, np.repeat(np.arange(begin, end), self.sizes[begin:end]), block
            first, begin = first + len(block), end


class Truth:
    """The K best rows of each query, while rows come in blocks."""

    def __init__(self, queries):
        self.queries = queries
        self.rows = np.zeros((len(queries), 0), dtype=np.int32)
        self.scores = np.zeros((len(queries), 0), dtype=np.float32)

    def offer(self, first, block):
        scores = np.concatenate([self.scores, self.queries @ block.T], axis=1)
        numbers = np.arange(first, first + len(block), dtype=np.int32)
        rows = np.concatenate([self.rows, np.tile(numbers, (len(self.queries), 1))], axis=1)
        best = np.argpartition(-scores, K - 1, axis=1)[:, :K]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)
        self.scores, self.rows = np.take_along_axis(scores, best, 1), np.take_along_axis(rows, best, 1)


def write(count, directory, seed, overlap):
    directory.mkdir(parents=True, exist_ok=True)
    world = World(count, seed, overlap)
    queries = world.queries()
    truth = Truth(queries)
    header = {'descr': '<f4', 'fortran_order': False, 'shape': (count, DIM)}
    with open(directory / 'vectors.npy', 'wb') as vectors, open(directory / 'ids.tsv', 'w') as ids:
        np.lib.format.write_array_header_1_0(vectors, header)
        for first, clusters, block in world.blocks():
            vectors.write(block.tobytes())
            ids.writelines(f'c{c:05d}/{first + i:08d}\tc{c:05d}\n' for i, c in enumerate(clusters))
            truth.offer(first, block)
    np.save(directory / 'queries.npy', queries)
    np.save(directory / 'truth.npy', truth.rows)  # last: whoever finds it finds all


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description='Writes synthetic embeddings; the head of this file says which.')
    parser.add_argument('count', type=int)
    parser.add_argument('directory', type=Path)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--overlap', type=float, default=OVERLAP, help='of realms, 0 to 1: more is harder')
    arguments = parser.parse_args()
    if arguments.count < K:
        parser.error(f'COUNT must be at least {K}')
    write(arguments.count, arguments.directory, arguments.seed, arguments.overlap)
