#!/usr/bin/env python3
"""hardness.py FILE.npy [ROWS]: how hard unit vectors are to index, so that two sets can be compared.

Prints the local intrinsic dimension (Levina and Bickel's maximum likelihood estimate over the 20 nearest neighbours,
inverses averaged as MacKay and Ghahramani do), the cosines of near neighbours, and recall@4 against the share of
vectors scanned by an inverted file of 2 sqrt(n) lists (spherical k-means). Queries are rows, left out of their own
answers. It compares everything with everything: for some ten thousand vectors."""
import json
import sys

import numpy as np

NEIGHBOURS, K, QUERIES = 20, 4, 2000


def kmeans(rows, nlist, rng, rounds=20):
    centroids = rows[rng.choice(len(rows), nlist, replace=False)].copy()
    for _ in range(rounds):
        assigned = np.argmax(rows @ centroids.T, axis=1)
        for c in range(nlist):
            members = rows[assigned == c]
            centroids[c] = members.sum(0) if len(members) else rows[rng.integers(len(rows))]
        centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    return centroids, np.argmax(rows @ centroids.T, axis=1)


def neighbours(rows, queries):
    """The NEIGHBOURS nearest rows of each query row, nearest first, without itself, and their cosines."""
    scores = rows[queries] @ rows.T
    scores[np.arange(len(queries)), queries] = -2
    found = np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    near = np.take_along_axis(scores, found, 1)
    order = np.argsort(-near, axis=1)
    return np.take_along_axis(found, order, 1), np.take_along_axis(near, order, 1)


def intrinsic_dimension(cosines):
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 1e-12))
    inverse = np.log(distances[:, -1:] / distances[:, :-1]).sum(1) / (NEIGHBOURS - 2)
    return float(1 / inverse.mean())


def curve(rows, queries, truth, centroids, assigned):
    sizes = np.bincount(assigned, minlength=len(centroids))
    order = np.argsort(-(rows[queries] @ centroids.T), axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(centroids))[None, :].repeat(len(order), 0), 1)
    needed = np.take_along_axis(rank, assigned[truth[:, :K]], 1)  # lists before the one that holds each answer
    scanned = np.cumsum(sizes[order], axis=1).mean(0) / len(rows)
    return [(p, float((needed < p).mean()), float(scanned[p - 1]))
            for p in (1, 2, 4, 8, 13, 20, 32, 50) if p <= len(centroids)]


def measure(rows, seed=1):
    rng = np.random.default_rng(seed)
    queries = rng.choice(len(rows), min(QUERIES, len(rows)), replace=False)
    truth, cosines = neighbours(rows, queries)
    centroids, assigned = kmeans(rows, round(2 * len(rows) ** 0.5), rng)
    return {'rows': len(rows), 'dimension': intrinsic_dimension(cosines),
            'cosine_1': float(np.median(cosines[:, 0])), 'cosine_4': float(np.median(cosines[:, 3])),
            'cosine_20': float(np.median(cosines[:, 19])),
            'curve': curve(rows, queries, truth, centroids, assigned)}


if __name__ == '__main__':
    vectors = np.load(sys.argv[1], mmap_mode='r')
    result = measure(np.array(vectors[:int(sys.argv[2]) if len(sys.argv) > 2 else None]))
    points = result.pop('curve')
    print(json.dumps(result))
    for nprobe, recall, scanned in points:
        print(f'nprobe {nprobe:3d}: recall@{K} {recall:.4f} at {scanned:.1%} scanned')
