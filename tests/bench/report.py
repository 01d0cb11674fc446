#!/usr/bin/env python3
"""report.py nprobe LINES RECALL        prints the smallest nprobe whose recall, natively, is at least RECALL
report.py table OUT LINES...         prints tables of what scripts/bench.sh measured, and writes it to OUT

LINES is a file of JSON objects, one a line, of one size: what was built, and what each program of this folder said."""
import json
import math
import sys
from pathlib import Path

TARGETS = (0.9, 0.95, 0.98)
MB = 1e6


def read(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines() if line.startswith('{')]


def of(lines, side):
    return [line for line in lines if line['side'] == side]


def at_recall(lines, key, target):
    """The value of `key` at this recall, between the two nearest measurements; None outside of what was measured."""
    points = sorted((line['recall'], line[key]) for line in lines)
    for (r0, v0), (r1, v1) in zip(points, points[1:]):
        if r0 <= target <= r1 and r0 < r1:
            return math.exp(math.log(v0) + (math.log(v1) - math.log(v0)) * (target - r0) / (r1 - r0))
    return None


def compare(lines):
    """Queries/s of one thread at equal recall: ours against both kinds of FAISS, all queries in one call and singly."""
    rows = []
    for target in TARGETS:
        row = {'recall': target, 'heybagh': at_recall(of(lines, 'heybagh'), 'qps', target)}
        for peer in ('flat', 'sq8'):
            row[peer] = at_recall(of(lines, f'faiss-{peer}'), 'qps', target)
            row[f'{peer}_single'] = at_recall(of(lines, f'faiss-{peer}'), 'qps_single', target)
        rows.append(row)
    return rows


def summarize(lines):
    build = of(lines, 'build')[0]
    return {**build, 'web': of(lines, 'web'), 'equal_recall': compare(lines),
            'native': of(lines, 'heybagh'), 'faiss': of(lines, 'faiss-flat') + of(lines, 'faiss-sq8')}


def number(value, digits=0):
    return '-' if value is None else f'{value:,.{digits}f}'


def table(head, rows):
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print('  '.join(cell.rjust(width) for cell, width in zip(row, widths)))
    print()


def print_builds(sizes):
    print('Build and bundle')
    table(['vectors', 'nlist', 'build s', 'peak MB', 'bundle MB', 'files', 'first download kB'],
          [[number(s['count']), s['nlist'], number(s['seconds'], 1), number(s['peak_mb']), number(s['bytes'] / MB, 1),
            s['files'], number(s['first_bytes'] / 1e3)] for s in sizes])


def print_equal_recall(sizes):
    print('Queries/s on one thread at equal recall@4; FAISS with all queries in one call (and one a call)')
    def peer(row, name):
        if row[name] is None:
            return '-'
        return f'{number(row[name])} ({number(row[name + "_single"])})'
    def times(row):
        peers = [row[name] for name in ('flat', 'sq8') if row[name] is not None]
        return number(row['heybagh'] / max(peers), 2) if peers and row['heybagh'] else '-'
    table(['vectors', 'recall@4', 'HeyBagh i8', 'FAISS flat f32', 'FAISS SQ8', 'HeyBagh / best FAISS'],
          [[number(s['count']), row['recall'], number(row['heybagh']), peer(row, 'flat'), peer(row, 'sq8'), times(row)]
           for s in sizes for row in s['equal_recall']])


def print_web(sizes):
    print('Chromium, loopback: a first visitor\'s query (median; bytes also mean), the same again, and in memory')
    table(['vectors', 'nprobe', 'recall@4', 'load kB', 'query kB', 'all kB', 'mean', 'requests', 'load ms', 'first ms',
           'final ms', 'again kB', 'again ms', 'warm ms', 'scan ms'],
          [[number(s['count']), w['nprobe'], number(native_recall(s, w), 4), number(w['load_bytes'] / 1e3),
            number(w['query_bytes'] / 1e3), number(w['cold_bytes'] / 1e3), number(w['cold_bytes_mean'] / 1e3),
            w['requests'], number(w['load_ms']), number(w['first_ms'], 1), number(w['cold_ms'], 1),
            number(w['again_bytes'] / 1e3), number(w['again_ms'], 1), number(w['warm_ms'], 2),
            number(w['warm_scan_ms'], 2)] for s in sizes for w in s['web']])


def native_recall(size, web):
    """Of all queries; the browser asks only some, and gives the same answers."""
    found = [line['recall'] for line in size['native'] if line['nprobe'] == web['nprobe']]
    return found[0] if found else web['recall_200']


def main(verb, *arguments):
    if verb == 'nprobe':
        path, target = arguments
        enough = [line['nprobe'] for line in of(read(path), 'heybagh') if line['recall'] >= float(target)]
        print(min(enough, default=''))
        return
    out, *paths = arguments
    sizes = [summarize(read(path)) for path in paths]
    print_builds(sizes)
    print_equal_recall(sizes)
    print_web(sizes)
    Path(out).write_text(json.dumps(sizes, indent=1) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
