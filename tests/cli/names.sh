# Sourced by test_cli.sh: names of files that steer a terminal, wherever they are printed.

# Colour, bell, a line of its own; a line back and one away; C1's CSI; text from right to left; a byte that is no UTF-8.
steering=$'red\e[31m\a\n   1.0000  made up'
back=$'back\r\b\x7f'
csi=$'csi\xc2\x9b2J'
turned=$'gpj\xe2\x80\xaegnp\xe2\x81\xa6\xe2\x80\xa8'
odd=$'odd\xff'

# tells ARGUMENT...: whatever it prints, and wherever, is plain, and has as many lines as it has without such names.
tells() {
  local lines=$1
  shift
  run "$@"
  check "index-builder $(printf '%q ' "$@")steers no terminal" python3 "$here/check_plain.py" "$stdout" "$stderr"
  [ "$lines" = any ] ||
    check "and begins no line of its own" [ "$(cat "$stdout" "$stderr" | wc -l)" -eq "$lines" ]
}

names_that_steer_the_terminal() {
  local name folder=$'fold\e]0;er'
  mkdir -p "odd/$folder"
  for name in "$steering" "$back" "$csi" "$turned"; do
    cp "images/noise/0$((RANDOM % 9)).bmp" "odd/$name.bmp"
    cp images/waves/00.bmp "odd/$folder/$name.bmp"
    echo 'no picture' >"odd/$folder/$name.jpg"
  done
  cp images/waves/01.bmp "odd/$odd.bmp"
  tells any build --model model --images odd --out "$turned"
  check "all of them are indexed" says "8 images: 8 new"
  check "an unreadable one is named" complains 'fold\x1b]0;er/red\x1b[31m\x07\x0a   1.0000  made up.jpg: '
  check "as is a name that is not UTF-8" complains 'odd\xff.bmp'
  check "and the bundle" says 'gpj\u202egnp\u2066\u2028: '
  tells any build --model model --images odd --out "$turned" --head svd:9 --image-url $'\e[1m{path}'
  tells 3 info "$turned"
  check "info writes an address out" says ', images at \x1b[1m{path}'

  tells 6 search --model model --index "$turned" --k 4 --exact "odd/$steering.bmp"
  check "search writes the picture out" says 'odd/red\x1b[31m\x07\x0a   1.0000  made up.bmp'
  check "and the answer" grep -qF '1.0000  ' "$stdout"
  tells 3 search --model model --index "$turned" --k 1 "odd/$odd.bmp"
  tells 1 search --model model --index "$turned" "$csi"
  check "a picture that is not there is written out" complains 'csi\u009b2J: cannot open '
  tells 1 search --model model --index "$turned" --label "$steering" images/alone.bmp
  tells 1 search --model model --index "$turned" --json --k 8 --exact "odd/$turned.bmp"
  check "--json stays exact" python3 -c '
import json, sys
answer = json.loads(sys.stdin.read())
paths = {result["path"] for result in answer["results"]}
sys.exit(answer["image"] != f"odd/{sys.argv[1]}.bmp" or not all(f"{name}.bmp" in paths for name in sys.argv[1:]))' \
    "$turned" "$steering" "$back" "$csi" <"$stdout"

  tells any eval --index "$turned" --html page.html
  check "eval writes labels out" says 'fold\x1b]0;er'
  check "so does its page" python3 "$here/check_plain.py" page.html
  tells any eval --index "$turned" --json --images
  check "eval --json is JSON" python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$stdout"
  tells 1 eval --index "$steering"
  tells 1 embed --model model "$back"
  tells 1 embed --model "$csi" images/alone.bmp
  tells 1 embed --model model --head "$steering" images/alone.bmp
  tells 1 info "$turned/$steering"
  tells 1 model --weights "$turned.safetensors" --out m
  tells 1 model --weights model --out "$steering/m"
  tells any model --weights model --out m --precision i8 --levels 255 --calibrate odd
  tells 1 build --model model --images "$steering" --out o
  tells 1 build --model model --images images --out "$odd/o"
  tells 1 build --model model --images images --out o --nlist "$steering"
  tells any build --model model --images images --out o --head "$turned"
  tells 1 build --vectors "$steering" --out o
  tells 1 "$steering"
  tells 1 build "--$steering"
  tells 1 build --model model --images images --out o "$turned"
  printf '%s\tone\n%s\ttwo\n' "$back" "$back" | sed 's/\r//' >ids
  python3 -c '
import struct
header = "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 4), }".ljust(117) + "\n"
open("two.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(32))'
  tells 1 build --vectors two.npy --ids ids --out o
  check "a path that is there twice is written out" complains 'back\x08\x7f'
  rm -rf odd "$turned" page.html m ids two.npy
}
