"""test_faults.py INDEX-BUILDER FAULTS MODEL plain|sanitized

index-builder while the system refuses it one request after the other (faults.c), and while it is killed. After each:
an exit code of 0 or 1 and one sentence, a bundle that is the old or the new one, whole, and a next run that makes the
new one and leaves nothing else. Prints how many requests were refused.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

BUILDER, FAULTS, MODEL = (os.path.realpath(path) for path in sys.argv[1:4])
SANITIZED = sys.argv[4] == 'sanitized'
HIT = 'hit'
PRELOADED = './faults.so'  # a link, as LD_PRELOAD is a list that spaces divide


def picture(path, seed):
    """48 x 40 pixels of noise."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(b'P6\n48 40\n255\n' + random.Random(seed).randbytes(48 * 40 * 3))


def vectors(path, seed, count):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, 8), }}"
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    numbers = [random.Random(seed).gauss(0, 1) for _ in range(8 * count)]
    with open(path, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode())
        file.write(struct.pack(f'<{len(numbers)}f', *numbers))


def content(path):
    """What is there: a file's bytes, or those of a folder's files by name; None if there is nothing."""
    if os.path.isdir(path):
        return {name: content(os.path.join(path, name)) for name in sorted(os.listdir(path))}
    if not os.path.exists(path):
        return None
    with open(path, 'rb') as file:
        return file.read()


def is_whole(bundle):
    """True if all files that index.json names are there, with their hashes."""
    manifest = json.loads(bundle['index.json'])
    return all(hashlib.sha256(bundle.get(file['name'], b'')).hexdigest() == file['sha256']
               for file in manifest['files'])


def run(command, faults=None):
    """Exit code (negative: a signal) and stderr; `faults`: (number, kind)."""
    environment = dict(os.environ, ASAN_OPTIONS='verify_asan_link_order=0')
    if faults is not None:
        environment.update(LD_PRELOAD=PRELOADED, FAULTS_AT=str(faults[0]), FAULTS_KIND=faults[1], FAULTS_HIT=HIT)
    done = subprocess.run([BUILDER, *command], env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stderr.decode()


class Scenario:
    """A command that makes `out`, which may be there before (the content of the folder or file `old`)."""

    def __init__(self, name, command, out='bundle', old=None):
        self.name, self.command, self.out, self.old = name, command, out, old
        self.resumed = 0
        self.restore()
        self.before = content(out)
        code, stderr = run(command)
        assert code == 0, (name, stderr)
        self.after = content(out)
        self.anew = self.after
        if old is not None and os.path.isdir(old):
            assert run([*command, '--fresh'])[0] == 0
            self.anew = content(out)

    def restore(self):
        for name in os.listdir('.'):
            if name == self.out or name.startswith(self.out + '.'):
                (shutil.rmtree if os.path.isdir(name) else os.remove)(name)
        if self.old is not None:
            (shutil.copytree if os.path.isdir(self.old) else shutil.copy)(self.old, self.out)

    def check_killed_or_failed(self, what):
        """The old one or the new one; and then a run without faults."""
        there = content(self.out)
        assert there in (self.before, self.after), f'{what}: neither the old nor the new {self.out}'
        self.check_rerun(what)

    def check_rerun(self, what):
        code, stderr = run(self.command)
        assert code == 0, f'{what}: the next run fails: {stderr}'
        assert content(self.out) == self.after, f'{what}: the next run makes something else'
        self.resumed += 'resuming an interrupted build' in stderr
        left = [name for name in os.listdir('.') if name.startswith(self.out + '.')]
        assert not left, f'{what}: the next run leaves {left}'

    def check_sentence(self, what, stderr):
        sentences = [line for line in stderr.splitlines() if line.startswith('index-builder: ')]
        assert len(sentences) == 1, f'{what}: {len(sentences)} sentences: {stderr}'

    def check(self, what, code, stderr, may_lack):
        assert 'Sanitizer' not in stderr and 'runtime error' not in stderr, f'{what}: {stderr}'
        assert code in (0, 1), f'{what}: exit code {code}: {stderr}'
        if code == 1:
            self.check_sentence(what, stderr)
            self.check_killed_or_failed(what)
        elif may_lack and 'could not be read' in stderr:
            assert is_whole(content(self.out)), f'{what}: a bundle that is not whole'
        elif may_lack and 'note: the existing bundle cannot be used' in stderr:
            assert content(self.out) == self.anew, f'{what}: all was made anew, and not the same'
        else:
            assert content(self.out) == self.after, f'{what}: exit code 0 and something else'

    def refuse_in_turn(self, kinds, numbers):
        """How many requests were refused."""
        refused = 0
        for number in numbers:
            self.restore()
            kind = kinds[number % len(kinds)]
            what = f'{self.name}, {kind} {number}'
            if os.path.exists(HIT):
                os.remove(HIT)
            code, stderr = run(self.command, (number, kind))
            if not os.path.exists(HIT):
                assert code == 0, f'{what}: {stderr}'
                return refused
            refused += 1
            with open(HIT, encoding='ascii') as file:
                what += f' ({file.read()})'
            if kind == 'KILL':
                assert code == -signal.SIGKILL, f'{what}: exit code {code}'
                self.check_killed_or_failed(what)
            else:
                self.check(what, code, stderr, may_lack=kind != 'MEMORY')
        raise AssertionError(f'{self.name}: no end after {refused}')

    def kill_at_random(self, times):
        started = time.monotonic()
        self.restore()
        run(self.command)
        longest = time.monotonic() - started
        for turn in range(times):
            self.restore()
            process = subprocess.Popen([BUILDER, *self.command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.Random(turn).random() * longest)
            process.kill()
            process.wait()
            self.check_killed_or_failed(f'{self.name}, killed for the {turn + 1}th time')
        return times


def every(step):
    """1, 1 + step, ... without end, at least for programs of this size."""
    return range(1, 100000, step)


def step_of(name):
    """Odd, so that both errors have their turns. A run with a network takes ten times as long."""
    if 'vectors' in name:
        return 7 if SANITIZED else 1
    return 23 if SANITIZED else 3


def growing():
    """All of the first, then fewer and fewer."""
    number = 1
    while number < 10**7:
        yield number
        number += 1 + number // (10 if SANITIZED else 25)


def prepare():
    vectors('old.npy', 1, 90)
    vectors('new.npy', 2, 100)
    for i in range(5):
        picture(f'old/a/{i}.ppm', i)
        picture(f'new/a/{i}.ppm', i)
    picture('new/a/2.ppm', 77)
    picture('new/b/9.ppm', 9)
    os.remove('new/a/4.ppm')
    assert run(['build', '--vectors', 'old.npy', '--out', 'old-vectors'])[0] == 0
    assert run(['build', '--model', MODEL, '--images', 'old', '--thumbs', '16', '--out', 'old-images'])[0] == 0


def scenarios():
    of_vectors = ['build', '--vectors', 'new.npy', '--out', 'bundle', '--threads', '1']
    of_images = ['build', '--model', MODEL, '--images', 'new', '--thumbs', '16', '--out', 'bundle', '--threads', '1']
    of_weights = ['model', '--weights', MODEL, '--precision', 'i8', '--levels', '255']
    of_evaluation = ['eval', '--index', 'old-images', '--html', 'page', '--threads', '1']
    return {
        'vectors': Scenario('a first build of vectors', of_vectors),
        'more vectors': Scenario('an update of vectors', of_vectors, old='old-vectors'),
        'images': Scenario('a first build', of_images),
        'more images': Scenario('an update', of_images, old='old-images'),
        'model': Scenario('a model', [*of_weights, '--calibrate', 'new', '--out', 'm'], out='m', old='old.npy'),
        'report': Scenario('a report', of_evaluation, out='page'),
    }


def main():
    os.chdir(tempfile.mkdtemp(prefix='heybagh-faults-'))
    try:
        os.symlink(FAULTS, PRELOADED)
        prepare()
        all_of_them = scenarios()
        files = kills = memory = 0
        for name, scenario in all_of_them.items():
            step = step_of(name)
            files += scenario.refuse_in_turn(['EIO', 'ENOSPC'], every(step))
            kills += scenario.refuse_in_turn(['KILL'], every(step))
            if not SANITIZED:
                memory += scenario.refuse_in_turn(['MEMORY'], growing())
            print(f'{scenario.name}: so far {files} requests of files and {memory} of memory refused, {kills} kills',
                  flush=True)
        assert files > 0 and kills > 0, 'no request was refused'
        for name in ('images', 'more images'):
            resumed = all_of_them[name].resumed
            assert resumed > (0 if SANITIZED else 10), f'{name}: goes on after {resumed} of the failures only'
        kills += all_of_them['more images'].kill_at_random(4 if SANITIZED else 20)
        print(f'file operations failed: {files}, kills: {kills}, allocations failed: {memory}')
    finally:
        folder = os.getcwd()
        os.chdir('/')
        shutil.rmtree(folder)


main()
