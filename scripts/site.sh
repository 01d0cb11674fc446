#!/usr/bin/env bash
# site.sh OUT [--bundle BUNDLE] [--model MODEL] [--images DIR] [--exclude NAME]... [--licence SPDX]: puts all that a
# static host has to serve into the folder OUT: page, element, engine, bundle, model and pictures; and lists it with its
# sizes, as it is and compressed. docs/hosting.md says what the host should know. Needs scripts/build.sh before.
#   --bundle   made by index-builder build (default: OUT/bundle, which then is there already)
#   --model    the model that the bundle was made with (default: models/resnet18-i8.safetensors)
#   --images   the folder of pictures that was indexed; without it, they stay where the bundle's image_url says
#   --exclude  a folder in it that is not in the index; may be given several times
#   --licence  that of the pictures, for the site's bill of materials (sbom.cdx.json)
. "$(dirname "$0")/common.sh"

usage="usage: scripts/site.sh OUT [--bundle BUNDLE] [--model MODEL] [--images DIR] [--exclude NAME]... [--licence SPDX]"
out=${1:-}
case $out in '' | -*) die "$usage" ;; esac
shift
bundle=$out/bundle model=$MODEL images='' exclude=() licence=()
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || die "$1 needs a value; $usage"
  case $1 in
  --bundle) bundle=$2 ;;
  --model) model=$2 ;;
  --images) images=$2 ;;
  --exclude) exclude+=("$2") ;;
  --licence) licence=("$2") ;;
  *) die "there is no option $1; $usage" ;;
  esac
  shift 2
done
engines=("$ROOT"/build/wasm-*/heybagh-*.wasm)
[ -e "${engines[0]}" ] || die "there is no engine yet: run scripts/build.sh first"
[ -e "$bundle/index.json" ] || die "$bundle has no index.json: make a bundle with index-builder build"
[ -z "$images" ] || [ -d "$images" ] || die "$images is no folder"

copy_bundle() {
  mkdir -p "$out"
  [ "$(realpath "$bundle")" = "$(realpath -m "$out/bundle")" ] && return
  rm -rf "$out/bundle"
  cp -r "$bundle" "$out/bundle"
}

# Where index.json looks for the model, as a path in OUT; nothing for an index of ready-made vectors.
model_place() {
  node -p '
    const { model } = JSON.parse(fs.readFileSync(process.argv[1]));
    model ? new URL(model.url, "http://site/bundle/").href.replace(/[?#].*/, "") : ""' "$bundle/index.json"
}

copy_model() {
  local place
  place=$(model_place)
  case $place in
  '') ;;
  http://site/*)
    [ -e "$model" ] || die "there is no $model: make the model with index-builder model"
    cp "$model" "$out/${place#http://site/}"
    ;;
  *) say "the bundle looks for its model at $place" ;;
  esac
}

copy_program() {
  local place
  place=$(realpath "$out")
  (cd "$ROOT/web" && cp --parents ./*.{html,js,css,svg,webmanifest} ./{engine,lang,page,shared,site,ui}/*.js "$place/")
  cp "${engines[@]}" "$ROOT/LICENSE" "$ROOT/NOTICE" "$place/"
  # The licences of what is compiled into the engine ask to travel with it.
  local name
  for name in xnnpack pthreadpool fxdiv; do
    printf '%s\n\n' "==== $name ===="
    cat "$CACHE/src/$name/LICENSE"
  done >"$out/licenses.txt"
  node "$ROOT/scripts/precache.mjs" "$out"
}

copy_images() {
  [ -n "$images" ] && [ ! -e "$out/images/.complete" ] || return 0
  local name
  rm -rf "$out/images"
  # hard links where the file system allows it, else copies
  cp -rl "$images" "$out/images" 2>/dev/null || { rm -rf "$out/images" && cp -r "$images" "$out/images"; }
  find "$out/images" -type d -exec chmod u+w {} +
  for name in "${exclude[@]}"; do rm -rf "${out:?}/images/$name"; done
  touch "$out/images/.complete"
}

copy_bundle
copy_model
copy_program
copy_images
bill_of_materials "$out" "${licence[@]}"
node "$ROOT/scripts/sizes.mjs" "$out"
