#!/usr/bin/env bash
# site.sh OUT [OPTION]...: makes the folder OUT a site for any static host: page, element, engine, bundle, model and
# pictures; or brings it up to date, which leaves alone what others have put there. It prints what it did, and the sizes
# of all, as they are and compressed. docs/hosting.md says what the host should know. Run scripts/build.sh before.
#   --bundle BUNDLE      made by index-builder build (default: OUT/bundle)
#   --model MODEL        the model that the bundle was made with (default: models/resnet18-i8.safetensors)
#   --images DIR         the folder that was indexed: the pictures that the bundle names are published, and no others.
#                        Without it, they stay where the bundle's image_url says
# What the page, and the site's bundle/index.json, say of the pictures; without these options what BUNDLE/index.json says
# of them (its "about"), or nothing:
#   --title TEXT         what the collection is called
#   --description TEXT   a sentence about it
#   --credit TEXT        whose pictures they are
#   --credit-url URL     where the credit leads to
#   --licence SPDX       their licence, such as CC-BY-4.0; also for the bill of materials (sbom.cdx.json)
#   --sample PICTURE     a picture to try: its path in DIR, or an address (may be repeated)
. "$(dirname "$0")/common.sh"

usage="usage: scripts/site.sh OUT [--bundle BUNDLE] [--model MODEL] [--images DIR] [--title TEXT] [--description TEXT]
       [--credit TEXT] [--credit-url URL] [--licence SPDX] [--sample PICTURE]..."
out=${1:-}
case $out in '' | -*) die "$usage" ;; esac
shift
bundle=$out/bundle model=$MODEL images='' title='' description='' credit='' credit_url='' licence='' samples=()
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || die "$1 needs a value; $usage"
  case $1 in
  --bundle) bundle=$2 ;;
  --model) model=$2 ;;
  --images) images=$2 ;;
  --title) title=$2 ;;
  --description) description=$2 ;;
  --credit) credit=$2 ;;
  --credit-url) credit_url=$2 ;;
  --licence) licence=$2 ;;
  --sample) samples+=("$2") ;;
  *) die "there is no option $1; $usage" ;;
  esac
  shift 2
done
engines=("$ROOT"/build/wasm-*/heybagh-*.wasm)
[ -e "${engines[0]}" ] || die "there is no engine yet: run scripts/build.sh first"
[ -e "$bundle/index.json" ] || die "$bundle has no index.json: make a bundle with index-builder build"
if [ -n "$images" ]; then
  [ -d "$images" ] || die "$images is not a folder"
  case $(realpath -m "$out")/ in
  "$(realpath "$images")"/*) [ "$(realpath -m "$out/images")" = "$(realpath "$images")" ] ||
    die "$out is inside of $images, and its copies would be indexed next time; choose another folder" ;;
  esac
fi

mkdir -p "$out"
stage=$(realpath "$out")/.heybagh-new # in OUT, so that its files can be renamed into place
trap 'rm -rf "$stage"' EXIT
rm -rf "$stage"
mkdir "$stage"

copy_program() {
  (cd "$ROOT/web" && cp --parents ./*.{html,js,css,svg,webmanifest} ./{engine,lang,page,shared,site,ui}/*.js "$stage/")
  cp "${engines[@]}" "$ROOT/LICENSE" "$stage/"
  # But for the paragraphs on what a site does not have: the photographs of the demonstration, and tools of the tests.
  awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^(Photographs of the demonstration|Used by the tests)/' "$ROOT/NOTICE" >"$stage/NOTICE"
  # The licences of what is compiled into the engine ask to travel with it.
  local name
  for name in xnnpack pthreadpool fxdiv; do
    printf '%s\n\n' "==== $name ===="
    cat "$CACHE/src/$name/LICENSE"
  done >"$stage/licenses.txt"
}

# Fills in what page and index say of the pictures.
fill_page() {
  local texts
  texts=$(node -p 'const [title, description, credit, credit_url, licence, ...samples] = process.argv.slice(1);
    JSON.stringify({ title, description, credit, credit_url, licence, samples })' \
    -- "$title" "$description" "$credit" "$credit_url" "$licence" "${samples[@]}")
  node "$ROOT/scripts/site_page.mjs" "$stage" "$bundle" "$texts"
}

# Prints where index.json looks for the model, as an address in the site; nothing for an index of ready-made vectors.
model_place() {
  node -p '
    const { model } = JSON.parse(fs.readFileSync(process.argv[1]));
    model ? new URL(model.url, "http://site/bundle/").href.replace(/[?#].*/, "") : ""' "$bundle/index.json"
}

copy_index_and_model() {
  local place
  mkdir -p "$stage/bundle"
  cp "$bundle/index.json" "$stage/bundle/"
  place=$(model_place)
  case $place in
  '') ;;
  http://site/*)
    [ -e "$model" ] || die "there is no $model: make the model with index-builder model"
    place=$stage/${place#http://site/}
    mkdir -p "$(dirname "$place")"
    cp "$model" "$place"
    ;;
  *) say "the bundle looks for its model at $place" ;;
  esac
}

copy_program
copy_index_and_model
fill_page
node "$ROOT/scripts/precache.mjs" "$stage"
bill_of_materials "$stage" ${licence:+"$licence"}
node "$ROOT/scripts/publish.mjs" "$stage" "$out" "$bundle" ${images:+"$images"}
rm -rf "$stage"
node "$ROOT/scripts/sizes.mjs" "$out"
