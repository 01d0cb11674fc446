#!/usr/bin/env bash
# package.sh [OUT]: makes the npm package of engine and element, heybagh-VERSION.tgz, in the folder OUT (default: build), and
# prints its path. It uses web/ and the wasm files of build/site. TypeScript makes the declarations from the comments of
# heybagh.js. Run scripts/demo.sh --no-serve before.
. "$(dirname "$0")/common.sh"

out=$(realpath -m "${1:-$ROOT/build}")
package=$ROOT/build/package
tsc=$ROOT/tests/web/node_modules/.bin/tsc
[ -e "$SITE/licenses.txt" ] || die "there is no site in build/site: run scripts/demo.sh --no-serve first"
[ -e "$tsc" ] || die "TypeScript is missing: run scripts/setup.sh first"

declarations() {
  local all=$package/types name
  "$tsc" --strict --allowJs --declaration --emitDeclarationOnly --skipLibCheck --target es2022 --module nodenext \
    --lib es2023,dom,dom.iterable --outDir "$all" "$package/heybagh.js"
  for name in heybagh shared/errors; do # the first imports the second and shared/types.d.ts
    mv "$all/$name.d.ts" "$package/$name.d.ts"
  done
  rm -rf "$all"
}

rm -rf "$package"
mkdir -p "$package" "$out"
(cd "$ROOT/web" && cp --parents ./*.js ./{engine,lang,page,shared,ui}/*.js shared/types.d.ts element.d.ts package.json README.md \
  "$package/")
cp "$SITE"/{*.wasm,LICENSE,NOTICE,licenses.txt} "$package/"
declarations
bill_of_materials "$package"
echo "$out/$(cd "$package" && npm pack --silent --pack-destination "$out")"
