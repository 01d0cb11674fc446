# Sourced by test_cli.sh: from weights and pictures to bundles and answers.

# 80 pictures in three folders and one beside them: waves, stripes and blots of noise, as BMP.
make_pictures() {
  python3 - <<'PYTHON'
import os, random, struct
random.seed(5)
def picture(path, colour):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    rows = bytes(value for y in reversed(range(40)) for x in range(48) for value in reversed(list(colour(x, y))))
    header = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 54 + len(rows), 0, 54, 40, 48, 40, 1, 24, 0, len(rows), 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(header + rows)
for i in range(27):
    a, b, c = (random.randrange(256) for _ in range(3))
    step = random.randrange(3, 9)
    picture(f"images/waves/{i:02}.bmp", lambda x, y: ((x * 5 + a) % 256, (y * 6 + b) % 256, c))
    picture(f"images/stripes/{i:02}.bmp", lambda x, y: (a, b, c) if x // step % 2 else (255 - a, 255 - b, 255 - c))
    if i < 25:
        picture(f"images/noise/{i:02}.bmp", lambda x, y: [random.randrange(256) for _ in range(3)])
picture("images/alone.bmp", lambda x, y: (200, 30, 30))
with open("images/notes.txt", "w") as file:
    file.write("not a picture")
PYTHON
  check "the pictures are made" [ "$(find images -name '*.bmp' | wc -l)" -eq 80 ]
}

models() {
  fails 1 "nowhere.safetensors" model --weights nowhere.safetensors --out model
  echo "these are not weights" >text
  fails 1 "text: this is not a safetensors file" model --weights text --out model
  head -c 1000000 "$weights" >short
  fails 1 "short: the weight file is damaged" model --weights short --out model
  fails 1 "no/such/folder/model" model --weights "$weights" --out no/such/folder/model
  check "a failed model leaves nothing behind" [ ! -e model ]
  works model --weights "$weights" --out model
  check "model tells the id" says "model "
  works model --weights "$weights" --out model-json --json
  check "model --json" json equals precision=f32
  check "the same weights give the same file" cmp -s model model-json
  works model --weights model --out again
  check "a model made of a model is the same" cmp -s model again
  rm -f model-json again short
}

build() { run build --model model --images images "$@"; }
# The 25 pictures of noise only: embedding is what takes the time here.
build_few() { run build --model model --images images/noise "$@"; }

build_reports_and_searches() {
  fails 1 "'nowhere'" build --model model --images nowhere --out bundle
  fails 1 "cannot open ''" build --model model --images "" --out bundle
  fails 1 "nowhere: cannot open" build --model nowhere --images images --out bundle
  fails 1 "is not a folder" build --model model --images images/alone.bmp --out bundle
  mkdir empty
  fails 1 "holds no pictures that can be read" build --model model --images empty --out bundle
  fails 1 "no/such/bundle" build --model model --images images --out no/such/bundle
  check "failed builds leave nothing" [ ! -e bundle ]
  build --out bundle --nlist 50
  check "build exits with 0" exit_is 0
  check "build tells what it did" says "80 images: 80 new; embedded 80 in "
  check "build tells how fast it was" says " a second on "
  check "build tells that nlist was lowered" says "note: nlist was lowered from 50 to 2"
  check "build tells that lists were trained" says "trained 2 lists (imbalance "
  check "build tells what it wrote" says "bundle: "
  check "build counts what is no picture" complains "note: skipped 1 file that is not an image"
  check "and says nothing else" [ "$(wc -l <"$stderr")" -eq 1 ]
  build --out few --exclude waves --exclude stripes --exclude alone.bmp --exclude notes.txt
  check "--exclude leaves out files and folders" says "25 images: 25 new"
  check "and they are not counted" is_silent "$stderr"
  build_few --out few --nlist 1 --fresh
  check "an nlist that fits is not lowered" [ "$(grep -c lowered "$stdout")" -eq 0 ]
  build_few --out few --fresh --json
  check "build --json" json build 25 1 ""
  check "its defaults" json equals head=pca dim=256 storage=i8 trained=True
}

unreadable_images() {
  cp -r images/noise damaged
  mkdir damaged/other
  head -c 2000 images/waves/01.bmp >damaged/other/broken.bmp
  echo "no picture at all" >damaged/fake.jpg
  cp images/alone.bmp damaged/.hidden.bmp
  run build --model model --images damaged --out skipping --json
  check "build goes on without unreadable images" exit_is 0
  check "and counts them" complains "2 of 27 images could not be read:"
  check "and names the first" complains "fake.jpg: this is text, not a picture"
  check "and the second" complains "other/broken.bmp: the picture is damaged"
  check "also in JSON" json build 25 1 "fake.jpg other/broken.bmp"
  check "the rest gives the same bundle" same_folder few skipping
  local before
  before=$(sums skipping)
  run build --model model --images damaged --out skipping --head logits --strict
  check "--strict fails" exit_is 1
  check "--strict says so" complains "index-builder: nothing was written, because --strict"
  check "--strict names the image" complains "other/broken.bmp"
  check "--strict leaves the old bundle" unchanged skipping "$before"
  check "--strict tells where it keeps what was embedded" complains "/skipping.embedded' for the next build"
  run build --model model --images damaged --out skipping --head logits --json
  check "which the next build takes" json fates added=25 resumed=25
  check "and tells" complains "note: resuming an interrupted build: 25 images are embedded already"
  check "and then nothing else is left" tidy skipping
  mkdir bad && cp damaged/fake.jpg bad/
  run build --model model --images bad --out none
  check "a build without any readable image fails" exit_is 1
  check "and says so" complains "there are no images to index"
  check "and leaves nothing" [ ! -e none ]
  rm -rf damaged skipping bad
}

# Neither JSON nor an address can hold such a name.
names_that_are_not_utf8() {
  local odd=$'odd/caf\xe9.bmp'
  cp -r images/noise odd
  cp images/alone.bmp "$odd"
  run build --model model --images odd --out skipping --json
  check "a picture whose name is not UTF-8 is left out" json build 25 1 ""
  check "and named" complains "note: skipped 'caf\\xe9.bmp', because its name is not UTF-8; rename it"
  check "in one line" [ "$(wc -l <"$stderr")" -eq 1 ]
  check "the rest gives the same bundle" same_folder few skipping
  run build --model model --images odd --out skipping --strict
  check "--strict refuses it" exit_is 1
  mkdir $'odd/fold\xe9r' && cp images/waves/0*.bmp $'odd/fold\xe9r'
  run build --model model --images odd --out skipping --json
  check "a folder whose name is not UTF-8 is left out as a whole" json build 25 1 ""
  check "in a line of its own" complains "note: skipped 'fold\\xe9r', because its name is not UTF-8; rename it"
  check "and one for the picture" [ "$(wc -l <"$stderr")" -eq 2 ]
  works search --model model --index skipping --json --k 1 "$odd"
  check "an answer to it is JSON" json search 1 1
  check "which tells the byte" says '"image":"odd/caf\\xe9.bmp"'
  cp model $'mod\xe9l'
  fails 2 "the name of --model is not UTF-8" build --model $'mod\xe9l' --images odd --out skipping
  fails 2 "--image-url is not UTF-8" build --model model --images odd --out skipping --image-url $'\xff/{path}'
  rm -rf odd skipping $'mod\xe9l'
}

same_bytes_every_time() {
  build --out again --nlist 2 --threads 1
  check "one thread gives the same bytes as all" same_folder bundle again
  build_few --out again --threads 2 --fresh
  check "two threads give the same bytes" same_folder few again
  build_few --out again --threads 2 --fresh
  check "and the same once more" same_folder few again
  check "replacing a bundle leaves nothing else" tidy again
  ln -s again link
  build_few --out link --threads 2
  check "a link to a bundle is followed" says "25 kept"
  check "and stays a link" [ "$(readlink link)" = again ]
  check "to the bundle" same_folder few again
  rm -rf again link
}

# Far more pictures than can be embedded before the end comes, which is when the first of them are on the disk.
killed_while_embedding() {
  mkdir many
  local before
  python3 -c 'import os; [os.symlink("../images/alone.bmp", f"many/{i}.bmp") for i in range(4000)]'
  before=$(sums bundle)
  "$builder" build --model model --images many --out bundle --fresh >"$stdout" 2>"$stderr" &
  local process=$!
  while [ "$(stat -c %s bundle.embedded 2>>"$stderr" || echo 0)" -lt 10000 ] && kill -0 $process; do sleep 0.1; done
  check "it is still embedding" kill -9 $process
  wait $process 2>"$stderr"
  code=$?
  check "it was killed" exit_is 137
  check "the old bundle is as it was" unchanged bundle "$before"
  works info bundle
  build --out bundle
  check "the next build still has it as its base" says "80 images: 80 kept; embedded 0 in "
  check "which is as it was" unchanged bundle "$before"
  check "and nothing half-made lies beside it any more" tidy bundle
  rm -rf many
}

targets_that_are_no_bundle() {
  mkdir photos
  echo precious >photos/photo.jpg
  fails 1 "already exists and is not a bundle" build --model model --images images --out photos
  echo '{"name":"my site"}' >photos/index.json
  fails 1 "already exists and is not a bundle" build --model model --images images --out photos
  check "somebody else's files are left alone" [ "$(cat photos/photo.jpg)" = precious ]
  fails 1 "text" build --model model --images images --out text
}

search() { run search --model model --index bundle "$@"; }

searches() {
  local image=images/stripes/07.bmp
  works search --model model --index bundle $image
  check "search prints the image" says "$image"
  check "search prints the nearest" says "1.0000  stripes/07.bmp"
  works search --model model --index bundle --json $image images/noise/03.bmp
  check "search --json" json search 2 4
  check "every line is JSON for other programs" bash -c 'while read -r line; do
    python3 -m json.tool <<<"$line" >/dev/null || exit 1; done <"$1"' - "$stdout"
  works search --model model --index bundle --json --k 1 $image
  check "an image of the index finds itself" json first stripes/07.bmp
  works search --model model --index bundle --json --exact --k 80 $image
  check "--exact scans all" grep -q '"nprobe":2,"scanned":80}$' "$stdout"
  works search --model model --index bundle --json --nprobe 1 $image
  check "--nprobe 1 probes one list" grep -q '"nprobe":1,' "$stdout"
  works search --model model --index bundle --json --k 30 --label noise --label "" $image
  check "--label leaves out others" json labels noise ""
  check "and finds all of them" json search 1 26
  works search --model model --index bundle --json --k 80 --exact --min-score 0.999 $image
  check "--min-score leaves out what is below" json scores 0.999
  fails 1 "the index has no label 'zebra'" search --model model --index bundle --label zebra $image
  fails 2 "--nprobe must be from 1 to 2, the number of lists of this bundle, not 3" \
    search --model model --index bundle --nprobe 3 $image
  fails 1 "nowhere" search --model model --index nowhere $image
  fails 1 "nowhere" search --model nowhere --index bundle $image
  fails 1 "nowhere.bmp" search --model model --index bundle nowhere.bmp
  search --json $image text images/alone.bmp
  check "a bad image does not stop the others" json search 2 4
  check "but counts as a failure" exit_is 1
  check "in one line" one_line
  works embed --model model $image
  check "embed" json embed 1 1000
  works embed --model model --head exact $image images/alone.bmp
  check "embed --head exact" json embed 2 513
  works embed --model model --head features $image
  check "embed --head features" [ "$(tr ',' '\n' <"$stdout" | tail -n +2 | wc -l)" -eq 768 ]
  works embed --model model --index bundle $image
  check "embed with the head of a bundle" json embed 1 256
  regions "$image"
  head_of_a_file
  fails 1 "text: this is text, not a picture" embed --model model text
  if [ -w /dev/full ]; then
    code=0
    "$builder" embed --model model $image >/dev/full 2>"$stderr" || code=$?
    check "an answer that cannot be written is a failure" exit_is 1
  fi
  other_model
}

embedding_of() { "$builder" embed --model model "$@" | sed 's/.*"embedding"//'; }

# The lower right quarter of a picture, in a file of its own and as a region.
regions() {
  python3 - "$1" <<'PYTHON'
import struct, sys
data = open(sys.argv[1], 'rb').read()
w, h = struct.unpack_from('<ii', data, 18)
rows = b''.join(data[54 + 3 * (y * w + w // 2):54 + 3 * (y + 1) * w] for y in range(h // 2))  # from the bottom up
open('quarter.bmp', 'wb').write(data[:18] + struct.pack('<ii', w // 2, h // 2) + data[26:54] + rows)
PYTHON
  check "a region is embedded as a picture of its own" \
    [ "$(embedding_of --region 0.5,0.5,0.5,0.5 "$1")" = "$(embedding_of quarter.bmp)" ]
  check "and not as the whole" [ "$(embedding_of "$1")" != "$(embedding_of quarter.bmp)" ]
  works search --model model --index bundle --region 0,0,1,1 "$1"
  check "the whole picture is a region" says "1.0000  stripes/07.bmp"
  fails 1 "the region must be inside the picture" embed --model model --region 0.5,0.5,0.6,0.5 "$1"
  fails 1 "the region must be inside the picture" search --model model --index bundle --region nan,0,1,1 "$1"
  rm quarter.bmp
}

# 7 numbers, from a matrix of the user's own.
head_of_a_file() {
  python3 - <<'PYTHON'
import json, random, struct
header = json.dumps({"weight": {"dtype": "F32", "shape": [7, 512], "data_offsets": [0, 7 * 512 * 4]}}).encode()
header += b" " * (-len(header) % 8)
for seed, name in enumerate(("matrix", "other-matrix")):
    random.seed(seed)
    rows = struct.pack(f"<{7 * 512}f", *(random.gauss(0, 1) for _ in range(7 * 512)))
    open(name, "wb").write(struct.pack("<Q", len(header)) + header + rows)
PYTHON
  works embed --model model --head matrix images/alone.bmp
  check "embed --head FILE" json embed 1 7
  fails 1 "text: " embed --model model --head text images/alone.bmp
  build_few --out seven --head matrix --json
  check "build --head FILE" json equals head=file dim=7
  build_few --out seven --head matrix --json
  check "is kept with the same head" json fates kept=25
  build_few --out seven --head other-matrix --json
  check "but not with other numbers in it" json fates added=25 embedded=25
  check "which a note says" complains "; embedding all images again"
  build_few --out seven --head text
  check "a head that is none fails" exit_is 1
  check "in one line" one_line
  rm -rf seven
}

# The same file with another id, which is what a bundle is bound to.
other_model() {
  python3 - <<'PYTHON'
import re
data = bytearray(open("model", "rb").read())
at = re.search(rb'"id":"([0-9a-f]{64})"', data[:4096]).start(1)
data[at:at + 64] = b"f" * 64
open("other", "wb").write(data)
PYTHON
  fails 1 "the index was built with another model" search --model other --index bundle images/alone.bmp
  rm other
}

evaluations() {
  fails 1 "nowhere" eval --index nowhere
  works eval --index bundle
  check "eval tells recall over nprobe" says "nprobe  recall"
  check "eval tells precision" says "precision@4"
  works eval --index bundle --json
  check "eval --json" json eval 80 4 ""
  works eval --index bundle --json --images --threads 1
  check "eval --json --images" json eval 80 4 ""
  works eval --index bundle --json --against bundle
  check "a bundle has the same answers as itself" json same 1
  build_few --out exact --head exact --storage f32
  build_few --out logits --head logits --storage f32
  works eval --index exact --json --against logits
  check "eval --against" json eval 25 1 same
  check "exact has the answers of logits" json same 0.95
  fails 1 "hold different images" eval --index bundle --against logits
  rm -rf exact logits
}

informs() {
  works info bundle
  check "info of a bundle" says "index of 80 images"
  works info model
  check "info of a model" says "ResNet-18, f32"
  works info --json bundle
  check "info --json of a bundle" json equals kind=index version=1 metric=COSINE count=80 head=pca dim=256 \
    storage=i8 nlist=2 "image_url=../images/{path}" thumb_url=
  works info --json model
  check "info --json of a model" json equals kind=model network=resnet18 precision=f32
  fails 1 "cannot find 'nowhere'" info nowhere
  fails 1 "text: this is not a safetensors file" info text
  fails 1 "images: cannot open 'images/index.json'" info images
  local list
  list=$(find bundle -name 'lists-*' | head -n 1)
  cp "$list" saved
  printf 'X' | dd of="$list" bs=1 seek=100 conv=notrunc status=none
  fails 1 "has the wrong hash" info bundle
  rm "$list"
  fails 1 "$(basename "$list")" info bundle
  mv saved "$list"
  works info bundle model
}
