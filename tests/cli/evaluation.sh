# Sourced by test_cli.sh: eval, over bundles of ready-made vectors, against check_evaluation.py's own sums.

evaluated() { python3 "$here/check_evaluation.py" "$@"; }
build_vectors() { run build --vectors eval.npy --ids eval.tsv --nlist 5 "$@"; }

evaluation_of_vectors() {
  evaluated make eval
  build_vectors --out eval-f32 --storage f32 --shard-bytes 1
  check "a bundle to evaluate is built" exit_is 0
  works eval --index eval-f32 --json --images
  check "eval has the right precision, AP and classes" evaluated figures eval "$stdout"
  check "eval has the right sizes of files" evaluated sizes eval-f32 "$stdout"
  cp "$stdout" of-all
  local threads
  for threads in 1 2 7; do
    works eval --index eval-f32 --json --images --threads $threads
    check "$threads threads give the same figures" cmp -s "$stdout" of-all
  done
  works eval --index eval-f32
  check "eval tells recall over nprobe" says "nprobe  recall"
  check "eval tells what is fetched" says "before that it needs"
}

# Eval reckons what a search finds; these are real ones.
evaluation_of_searches() {
  local nprobe
  works eval --index eval-f32 --json
  cp "$stdout" of-nprobes
  for nprobe in $(evaluated nprobes of-nprobes); do
    works search --index eval-f32 --vectors eval.npy --k 5 --nprobe "$nprobe" --json
    check "search finds what eval says with nprobe $nprobe" evaluated found eval of-nprobes "$nprobe" "$stdout"
  done
}

evaluation_of_a_sample() {
  works eval --index eval-f32 --json --images --sample 50
  check "--sample has the right precision, AP and classes" evaluated figures eval "$stdout" 50
  works eval --index eval-f32 --sample 50
  check "--sample is told" says "each of 50 of 200 images"
  works eval --index eval-f32 --json --images --sample 201
  check "a sample of more than all is all" cmp -s "$stdout" of-all
  fails 2 "not '0'" eval --index eval-f32 --sample 0
}

evaluation_against_another() {
  build_vectors --out eval-i8 --storage i8
  works eval --index eval-f32 --json --against eval-f32
  check "a bundle has all of its own answers" evaluated against 1 1 "$stdout"
  works eval --index eval-i8 --json --against eval-f32
  check "i8 has most answers of f32" evaluated against 0.8 0.9999 "$stdout"
  works eval --index eval-i8 --against eval-f32
  check "the share of the other's answers is told" says "of the other bundle's top 4"
  # the second half of the images first, then all: an image has another id than in a bundle made at once
  evaluated half eval half
  run build --vectors half.npy --ids half.tsv --out eval-grown --storage f32
  build_vectors --out eval-grown --storage f32
  check "a bundle has grown" exit_is 0
  works eval --index eval-grown --json --against eval-f32
  check "images are matched by path" evaluated against 1 1 "$stdout"
  run build --vectors half.npy --ids half.tsv --out eval-half --storage f32
  fails 1 "hold different images" eval --index eval-f32 --against eval-half
  fails 1 "nowhere" eval --index eval-f32 --against nowhere
}

evaluation_as_a_page() {
  works eval --index eval-f32 --json --images --html report.html
  check "--html does not change what is printed" cmp -s "$stdout" of-all
  check "the page is whole" evaluated page eval report.html "images/"
  works eval --index eval-i8 --html "$work/other folder.html" --against eval-f32 \
    --images-url 'https://example.org/?a=1&p={path}'
  check "the page has the pictures' address" evaluated page eval "other folder.html" "https://example.org/?a=1&p="
  mkdir pages
  works eval --index eval-f32 --html pages/report.html --sample 30
  check "addresses are relative to the page" evaluated page eval pages/report.html "../images/"
  fails 1 "no/such/folder/x.html" eval --index eval-f32 --html no/such/folder/x.html
  fails 2 "must contain {path}" eval --index i --html x.html --images-url images
  fails 2 "--images-url can only be used with --html" eval --index i --images-url '{path}'
  rm -rf pages
}

# With images that the head has not seen. One picture has a copy, and one has no label.
evaluation_of_folds() {
  local kind part
  for kind in waves stripes noise; do
    for part in 0 1; do
      mkdir -p "six/$kind-$part"
      cp "images/$kind/$part"[0-7].bmp "six/$kind-$part"
    done
  done
  cp six/noise-0/00.bmp six/noise-0/copy.bmp
  cp images/alone.bmp six
  run build --model model --images six --out six-bundle --head lda
  check "a bundle with a learned head is built" exit_is 0
  works eval --index six-bundle --json
  check "eval tells the protocol" says '"protocol":"leave-one-out","labels_seen":true'
  works eval --index six-bundle
  check "and that the labels have been seen" says "the head was learned from the labels of these images"
  works eval --index six-bundle --folds 4 --from six --model model --json
  check "eval --folds --json" python3 "$here/check_folds.py" "$builder" model six 4 lda <"$stdout"
  cp "$stdout" of-folds
  works eval --index six-bundle --folds 4 --from six --model model --json --threads 3
  check "threads change no figure" cmp -s "$stdout" of-folds
  works eval --index six-bundle --folds 3 --from six --model model --head svd:20 --html folds.html
  check "--head measures another head" says "images that the head svd:20 has not seen"
  check "it tells seen classes" says "  seen classes:   precision@4 "
  check "it tells unseen classes" says "  unseen classes: precision@4 "
  check "the page has the protocols" grep -q "3 folds, each searched for among the others" folds.html
  check "and that of leave-one-out" grep -q "leave-one-out, labels seen by the head" folds.html
  cp images/alone.bmp six/waves-0/00.bmp
  fails 1 "'waves-0/00.bmp' is not the image that the bundle has" eval --index six-bundle --folds 4 --from six --model model
  fails 2 "--folds needs --from and --model" eval --index six-bundle --folds 4
  fails 2 "--from can only be used with --folds" eval --index six-bundle --from six
  fails 2 "from 2 to 50" eval --index six-bundle --folds 1
  fails 1 "not one that can be made again" eval --index eval-f32 --folds 4 --from six --model model
  rm -rf six six-bundle of-folds folds.html
}

evaluation() {
  evaluation_of_vectors
  evaluation_of_searches
  evaluation_of_a_sample
  evaluation_against_another
  evaluation_as_a_page
  evaluation_of_folds
  rm -rf eval-* eval.npy eval.tsv half.npy half.tsv of-all of-nprobes report.html "other folder.html"
}
