#!/usr/bin/env bash
# package.sh [OUT]: makes the npm package of engine and element, heybagh-VERSION.tgz, in the folder OUT (default: build),
# of what scripts/site.sh put together in build/site; type declarations come from the comments of heybagh.js. Needs
# scripts/demo.sh --no-serve before. Prints the package's address.
. "$(dirname "$0")/common.sh"

out=$(realpath -m "${1:-$ROOT/build}")
package=$ROOT/build/package
tsc=$ROOT/tests/web/node_modules/.bin/tsc
[ -e "$SITE/heybagh.js" ] || die "there is no site yet: run scripts/demo.sh --no-serve first"
[ -e "$tsc" ] || die "there is no TypeScript yet: run scripts/setup.sh first"

declarations() {
  local all=$package/types name
  "$tsc" --allowJs --declaration --emitDeclarationOnly --skipLibCheck --target es2022 --module nodenext \
    --lib es2023,dom,dom.iterable --outDir "$all" "$package/heybagh.js"
  for name in heybagh image errors; do mv "$all/$name.d.ts" "$package/"; done # the first names the others
  rm -rf "$all"
}

rm -rf "$package"
mkdir -p "$package" "$out"
cp -r "$SITE"/{*.js,*.wasm,ui,lang,LICENSE,NOTICE,licenses.txt} "$ROOT"/web/{package.json,README.md} "$package/"
declarations
cp "$ROOT/web/element.d.ts" "$package/"
bill_of_materials "$package"
echo "$out/$(cd "$package" && npm pack --silent --pack-destination "$out")"
