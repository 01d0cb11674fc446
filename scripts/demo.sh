#!/usr/bin/env bash
# demo.sh [--no-serve]: everything from a fresh clone to a running search. It installs what is missing, builds the programs,
# indexes Caltech-101, puts the site into build/site and serves it at http://127.0.0.1:$PORT (default 8080).
. "$(dirname "$0")/common.sh"

serve=yes
case ${1:-} in
--no-serve) serve= ;;
'') ;;
*) die "there is no option $1; usage: scripts/demo.sh [--no-serve]" ;;
esac
start=$SECONDS

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/assets.sh"
assets=$("$ROOT/scripts/assets.sh" --where)
images=$assets/caltech101/101_ObjectCategories
"$ROOT/scripts/build.sh" --programs

# made_of FILE...: a hash of the builder, these files and the names of the pictures. While it does not change, model and
# bundle are not made again. A new builder may compute other embeddings, so nothing of an old bundle is used.
made_of() { cat "$BUILDER" "$@" <(cd "$images" && find . -type f | sort) | sha256sum; }

say "models ..."
"$BUILDER" model --weights "$assets/resnet18/model.safetensors" --out "$MODEL_F32"
made_of=$(made_of "$MODEL_F32")
if [ "$(cat "$ROOT/build/model.made-of" 2>/dev/null)" != "$made_of" ] || [ ! -e "$MODEL" ] || [ ! -e "$MODEL_FC" ]; then
  say "rounding the weights to few levels (a minute or two) ..."
  "$BUILDER" model --weights "$MODEL_F32" --precision i8 --calibrate "$images" --out "$MODEL_FC"
  "$BUILDER" model --weights "$MODEL_FC" --view whole --no-fc --out "$MODEL"
  echo "$made_of" >"$ROOT/build/model.made-of"
fi

mkdir -p "$SITE"
made_of=$(made_of "$MODEL")
if [ "$(cat "$ROOT/build/bundle.made-of" 2>/dev/null)" = "$made_of" ] && "$BUILDER" info "$SITE/bundle" >/dev/null; then
  say "bundle: up to date"
else
  say "indexing the pictures of $images (some minutes) ..."
  "$BUILDER" build --fresh --model "$MODEL" --images "$images" --exclude BACKGROUND_Google --out "$SITE/bundle"
  echo "$made_of" >"$ROOT/build/bundle.made-of"
fi

say "putting the site together ..."
samples=()
for name in brontosaurus/image_0006 lotus/image_0020 watch/image_0100 airplanes/image_0100 Leopards/image_0050 \
  sunflower/image_0010; do
  samples+=(--sample "$name.jpg")
done
"$ROOT/scripts/site.sh" "$SITE" --images "$images" --credit 'Caltech-101 by Li, Andreeto, Ranzato and Perona' \
  --credit-url https://doi.org/10.22002/D1.20086 --licence CC-BY-4.0 "${samples[@]}"

say "done in $((SECONDS - start)) s: $(du -sh "$SITE" | cut -f1) in build/site"
"$BUILDER" info "$SITE/bundle"
[ -n "$serve" ] || exit 0
say "open http://127.0.0.1:${PORT:-8080}/ (Ctrl-C stops)"
exec python3 -m http.server --bind 127.0.0.1 --directory "$SITE" "${PORT:-8080}"
