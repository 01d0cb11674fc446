#!/usr/bin/env bash
# demo.sh [--no-serve]: from a fresh clone to four similar pictures: installs what is missing, builds everything,
# indexes Caltech-101, leaves the whole site in build/site and serves it at http://127.0.0.1:$PORT (default 8080).
. "$(dirname "$0")/common.sh"

serve=yes
case ${1:-} in
--no-serve) serve= ;;
'') ;;
*) die "there is no option $1; usage: scripts/demo.sh [--no-serve]" ;;
esac
start=$SECONDS
site=$ROOT/build/site
model=$ROOT/models/resnet18-f32.safetensors
builder=$ROOT/build/native/index-builder

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/assets.sh"
assets=$("$ROOT/scripts/assets.sh" --where)
images=$assets/caltech101/101_ObjectCategories
"$ROOT/scripts/build.sh"

say "model ..."
"$builder" model --weights "$assets/resnet18/model.safetensors" --out "$model"

mkdir -p "$site"
# What the bundle is made of; as long as that is the same, the bundle is not built again.
made_of=$(cat "$builder" "$model" <(cd "$images" && find . -type f | sort) | sha256sum)
if [ "$(cat "$ROOT/build/bundle.made-of" 2>/dev/null)" = "$made_of" ] && "$builder" info "$site/bundle" >/dev/null; then
  say "bundle: there"
else
  say "indexing the pictures of $images (some minutes) ..."
  "$builder" build --model "$model" --images "$images" --exclude BACKGROUND_Google --out "$site/bundle"
  echo "$made_of" >"$ROOT/build/bundle.made-of"
fi

say "putting the site together ..."
cp "$ROOT"/web/*.{html,js,css,svg} "$ROOT"/build/wasm-*/heybagh-*.wasm "$model" "$ROOT/LICENSE" "$ROOT/NOTICE" "$site/"
# The licences of what is compiled into the engine ask to travel with it.
for name in xnnpack pthreadpool fxdiv; do
  printf '%s\n\n' "==== $name ===="
  cat "$CACHE/src/$name/LICENSE"
done >"$site/licenses.txt"
if [ ! -e "$site/images/.complete" ]; then
  rm -rf "$site/images"
  # hard links where the file system allows it, else copies
  cp -rl "$images" "$site/images" 2>/dev/null || { rm -rf "$site/images" && cp -r "$images" "$site/images"; }
  find "$site/images" -type d -exec chmod u+w {} +
  rm -rf "$site/images/BACKGROUND_Google"
  touch "$site/images/.complete"
fi

say "done in $((SECONDS - start)) s: $(du -sh "$site" | cut -f1) in build/site"
"$builder" info "$site/bundle"
[ -n "$serve" ] || exit 0
say "open http://127.0.0.1:${PORT:-8080}/ (Ctrl-C stops)"
exec python3 -m http.server --bind 127.0.0.1 --directory "$site" "${PORT:-8080}"
