# Sourced by test_cli.sh: how the program is called, and called wrongly.

usage_of_the_program() {
  works --help
  local command
  for command in model build embed search eval info; do check "--help names $command" says "  $command"; done
  works -h
  works help
  works --version
  check "--version names the program" says "index-builder "
  fails 2 "name a command"
  fails 2 "there is no command 'sarch'" sarch
  fails 2 "there is no command '--bogus'" --bogus
}

# What the contract promises to exist.
declare -A promised=(
  [model]="--weights --out --precision --json"
  [build]="--model --images --out --exclude --head --storage --nlist --seed --threads --json"
  [embed]="--model --head --json IMAGE"
  [search]="--model --index --k --nprobe --exact --label --min-score --json IMAGE"
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
    fails 2 "there is no option --bogus (see 'index-builder $command --help')" "$command" --bogus
    fails 2 "there is no option -x " "$command" -x
    fails 2 "there is no option -x " "$command" -xyz
    fails 2 "there is no option --json=yes" "$command" --json=yes
  done
  fails 2 "--weights is missing" model --out m
  fails 2 "--out is missing" model --weights w
  fails 2 "--model is missing" build --images i --out o
  fails 2 "--images is missing" build --model m --out o
  fails 2 "--out is missing" build --model m --images i
  fails 2 "--model is missing" embed i.jpg
  fails 2 "--index is missing" search --model m i.jpg
  fails 2 "--index is missing" eval
  fails 2 "name at least one IMAGE" embed --model m
  fails 2 "name at least one IMAGE" search --model m --index i
  fails 2 "name at least one BUNDLE|MODEL" info
  fails 2 "'extra' is not expected here" model --weights w --out m extra
  fails 2 "'extra' is not expected here" build --model m --images i --out o extra
  fails 2 "'extra' is not expected here" eval --index i extra
  fails 2 "--nlist needs a value" build --model m --images i --out o --nlist
  fails 2 "--model needs a value" search --model
}

# Every one of these is found before any file is opened: none of the names exists.
numbers_out_of_range() {
  local value
  for value in 0 65537 -1 1.5 abc "" 1e3 99999999999999999999 " 5" 5x; do
    fails 2 "--nlist is '$value', and must be a whole number from 1 to 65536" \
      build --model m --images i --out o "--nlist=$value"
  done
  for value in 0 257; do
    fails 2 "from 1 to 256" build --model m --images i --out o --threads $value
    fails 2 "from 1 to 256" eval --index i --threads $value
  done
  fails 2 "--seed is '-1'" build --model m --images i --out o --seed=-1
  for value in 0 16385 4x; do fails 2 "from 1 to 16384" search --model m --index i --k $value a.jpg; done
  for value in 0 65537; do fails 2 "from 1 to 65536" search --model m --index i --nprobe $value a.jpg; done
  for value in 2 -1.1 nan inf "" half; do
    fails 2 "--min-score is '$value', and must be a number from -1 to 1" \
      search --model m --index i "--min-score=$value" a.jpg
  done
  for value in 0 101; do fails 2 "from 1 to 100" eval --index i --k $value; done
  fails 2 "--head is 'svd', and must be exact or logits" build --model m --images i --out o --head svd
  fails 2 "--head is 'svd', and must be logits or exact" embed --model m --head svd a.jpg
  fails 2 "--storage is 'i8', and must be f32" build --model m --images i --out o --storage i8
  fails 2 "--precision is 'i8', and must be f32" model --weights w --out m --precision i8
  fails 2 "--exact and --nprobe exclude each other" search --model m --index i --exact --nprobe 1 a.jpg
  check "nothing was made by wrong calls" [ ! -e o ]
}
