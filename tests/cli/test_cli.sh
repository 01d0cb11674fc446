#!/usr/bin/env bash
# test_cli.sh INDEX-BUILDER WEIGHTS: index-builder as people and scripts call it, with random weights (WEIGHTS, in
# torchvision's layout) and pictures made here. Prints every check that fails, and a sum at the end.
set -u

builder=${1:?the path of index-builder}
weights=${2:?the path of a weight file, from make_weights}
builder=$(realpath "$builder") weights=$(realpath "$weights") || exit 2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/checks.sh"
. "$here/usage.sh"
. "$here/bundles.sh"
. "$here/folders.sh"
. "$here/names.sh"
. "$here/updates.sh"
. "$here/precisions.sh"
. "$here/vectors.sh"
. "$here/evaluation.sh"

usage_of_the_program
usage_of_every_command
numbers_out_of_range
options_that_exclude_each_other
make_pictures
models
build_reports_and_searches
unreadable_images
files_and_folders
names_that_are_not_utf8
names_that_steer_the_terminal
same_bytes_every_time
killed_while_embedding
targets_that_are_no_bundle
unchanged_images
changed_images
bases_that_do_not_serve
lists_asked_for
thumbnails
ready_made_vectors
updated_vectors
refused_vectors
searches
evaluations
evaluation
informs
halves
views
eight_bits
few_levels
pictures_to_calibrate_on

echo "test_cli: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
