# Sourced by test_cli.sh: how the program is called, and called wrongly.

usage_of_the_program() {
  works --help
  local command
  for command in model build embed search eval info; do check "--help names $command" says "  $command"; done
  works -h
  works help
  works --version
  check "--version names the program" says "index-builder "
  fails 2 "give a command"
  fails 2 "unknown command 'sarch'" sarch
  fails 2 "unknown command '--bogus'" --bogus
}

# What the contract promises to exist.
declare -A promised=(
  [model]="--weights --out --precision --calibrate --pictures --json"
  [build]="--model --images --vectors --ids --out --exclude --head --storage --nlist --recall --seed --threads
    --shard-bytes --memory --thumbs --image-url --model-url --retrain --fresh --strict --json"
  [embed]="--model --head --index --region --json IMAGE"
  [search]="--model --index --vectors --k --nprobe --exact --label --min-score --region --json IMAGE"
  [eval]="--index --against --json"
  [info]="--json BUNDLE|MODEL"
)

usage_of_every_command() {
  local command words
  for command in "${!promised[@]}"; do
    works "$command" --help
    check "$command --help begins with its usage" says "usage: index-builder $command"
    for words in ${promised[$command]}; do check "$command --help tells $words" says "$words"; done
    works "$command" -h
    fails 2 "unknown option --bogus (see 'index-builder $command --help')" "$command" --bogus
    fails 2 "unknown option -x " "$command" -x
    fails 2 "unknown option -x " "$command" -xyz
    fails 2 "unknown option --json=yes" "$command" --json=yes
  done
  fails 2 "--weights is missing" model --out m
  fails 2 "--out is missing" model --weights w
  fails 2 "--model is missing" build --images i --out o
  fails 2 "--images or --vectors is missing" build --model m --out o
  fails 2 "--out is missing" build --model m --images i
  fails 2 "--model is missing" embed i.jpg
  fails 2 "--index is missing" search --model m i.jpg
  fails 2 "--model is missing" search --index i i.jpg
  fails 2 "--index is missing" eval
  fails 2 "give at least one IMAGE" embed --model m
  fails 2 "give at least one IMAGE" search --model m --index i
  fails 2 "give at least one BUNDLE|MODEL" info
  fails 2 "unexpected argument 'extra'" model --weights w --out m extra
  fails 2 "unexpected argument 'extra'" build --model m --images i --out o extra
  fails 2 "unexpected argument 'extra'" eval --index i extra
  fails 2 "--nlist needs a value" build --model m --images i --out o --nlist
  fails 2 "--model needs a value" search --model
}

# Every one of these is found before any file is opened: none of the names exists.
numbers_out_of_range() {
  local value
  for value in 0 65537 -1 1.5 abc "" 1e3 99999999999999999999 " 5" 5x; do
    fails 2 "--nlist must be a whole number from 1 to 65536, not '$value'" \
      build --model m --images i --out o "--nlist=$value"
  done
  for value in 0 257; do
    fails 2 "from 1 to 256" build --model m --images i --out o --threads $value
    fails 2 "from 1 to 256" eval --index i --threads $value
  done
  fails 2 "--seed must be a whole number from 0 to 9e+15, not '-1'" build --model m --images i --out o --seed=-1
  for value in 0 16385 4x; do fails 2 "from 1 to 16384" search --model m --index i --k $value a.jpg; done
  for value in 0 65537; do fails 2 "from 1 to 65536" search --model m --index i --nprobe $value a.jpg; done
  for value in 2 -1.1 nan inf "" half; do
    fails 2 "--min-score must be a number from -1 to 1, not '$value'" \
      search --model m --index i "--min-score=$value" a.jpg
  done
  for value in "" 0.5 0,0,1 0,0,1,1,1 "0,0,1,1 " x,y,w,h; do
    fails 2 "--region must be X,Y,WIDTH,HEIGHT as fractions of the picture from 0 to 1, not '$value'" embed --model m "--region=$value" a.jpg
    fails 2 "--region must be X,Y,WIDTH,HEIGHT as fractions of the picture from 0 to 1, not '$value'" search --model m --index i "--region=$value" a.jpg
  done
  for value in 0 101; do fails 2 "from 1 to 100" eval --index i --k $value; done
  for value in 0.49 1.01 nan ""; do
    fails 2 "--recall must be a number from 0.5 to 1, not '$value'" \
      build --model m --images i --out o "--recall=$value"
  done
  for value in 0 16777217; do
    fails 2 "from 1 to 16777216" build --model m --images i --out o --shard-bytes $value
  done
  for value in 63 1048577; do fails 2 "from 64 to 1048576" build --model m --images i --out o --memory $value; done
  for value in 15 2049; do fails 2 "from 16 to 2048" build --model m --images i --out o --thumbs $value; done
  for value in svd svd: svd:0 svd:514 svd:-1 svd:2.5 "svd: 5" svd:10000000000 pca: pca:769 lda:0 \
    discriminant:x none ""; do
    fails 2 "lda[:D], pca:D (D from 1 to 768), svd:D (D from 1 to 513), exact, logits or a file, not '$value'" \
      build --model m --images i --out o --head "$value"
  done
  for value in svd svd:256 lda discriminant:256 none; do
    fails 2 "--head must be logits, exact, features or a file, not '$value'" embed --model m --head $value a.jpg
  done
  fails 2 "--storage must be f32, f16 or i8, not 'i4'" build --model m --images i --out o --storage i4
  for value in i4 F16 "" f32,f16; do
    fails 2 "--precision must be f32, f16 or i8, not '$value'" model --weights w --out m --precision "$value"
  done
  for value in all Crop "" crop,whole; do
    fails 2 "--view must be crop, whole or both, not '$value'" model --weights w --out m --view "$value"
  done
  for value in 7 0 100001 x; do
    fails 2 "--pictures must be a whole number from 8 to 100000, not '$value'" \
      model --weights w --out m --precision i8 --calibrate c --pictures $value
  done
  for value in 2 256 0 x; do
    fails 2 "--levels must be a whole number from 3 to 255, not '$value'" \
      model --weights w --out m --precision i8 --calibrate c --levels $value
  done
  fails 2 "use either --exact or --nprobe, not both" search --model m --index i --exact --nprobe 1 a.jpg
  check "nothing was made by wrong calls" [ ! -e o ]
}

options_that_exclude_each_other() {
  fails 2 "--precision i8 needs --calibrate DIR" model --weights w --out m --precision i8
  fails 2 "--calibrate can only be used with --precision i8" model --weights w --out m --precision f16 --calibrate c
  fails 2 "--pictures can only be used with --precision i8" model --weights w --out m --pictures 8
  fails 2 "--levels can only be used with --precision i8" model --weights w --out m --precision f16 --levels 12
  fails 2 "use either --images or --vectors, not both" build --model m --images i --vectors v --out o
  fails 2 "use either --fresh or --retrain, not both" build --model m --images i --out o --fresh --retrain
  fails 2 "--ids can only be used with --vectors" build --model m --images i --ids n --out o
  local option
  for option in "--model m" "--head exact" "--exclude e" "--thumbs 64" "--model-url u"; do
    # shellcheck disable=SC2086
    fails 2 "${option% *} cannot be used with --vectors" build --vectors v --out o $option
  done
  fails 2 "use either --head or --index, not both" embed --model m --head exact --index i a.jpg
  fails 2 "use either --vectors or --model, not both" search --index i --vectors v --model m
  fails 2 "use either --vectors or images, not both" search --index i --vectors v a.jpg
  fails 2 "use either --vectors or --region, not both" search --index i --vectors v --region 0,0,0.5,1
  check "nothing was made by wrong calls" [ ! -e o ]
}
