# Sourced by test_cli.sh: models in f16 and i8 and with other views, and bundles that are bound to them.

halves() {
  works model --weights model --out model-f16 --precision f16
  check "it tells its precision" says ", f16"
  check "and nothing of a calibration" [ "$(wc -l <"$stdout")" -eq 1 ]
  works model --weights "$weights" --out again --precision f16 --json
  check "torchvision's weights give the same" cmp -s model-f16 again
  check "--json" json equals precision=f16
  check "the file is a half" [ "$(stat -c %s model-f16)" -lt $(($(stat -c %s model) / 2 + 20000)) ]
  works info --json model-f16
  check "info knows f16" json equals kind=model precision=f16
  works model --weights model-f16 --out again --precision f16
  check "f16 of f16 is the same" cmp -s model-f16 again
  fails 1 "f32 cannot be made of f16" model --weights model-f16 --out none
  fails 1 "i8 cannot be made of f16" model --weights model-f16 --out none --precision i8 --levels 255 --calibrate nowhere
  fails 1 "the index was built with another model" search --model model-f16 --index bundle images/alone.bmp
  check "nothing was made" [ ! -e none ]
  rm -f again
}

views() {
  works model --weights model --out again --view crop --json
  check "crop is the view of old" cmp -s model again
  check "--json tells the view" json equals view=crop
  works model --weights "$weights" --out model-whole --view whole --json
  check "and another" json equals view=whole
  check "which is another model" bash -c '! cmp -s model model-whole'
  works info model-whole
  check "info knows the view" says "ResNet-18, f32, view whole"
  works model --weights model-whole --out again
  check "a model keeps its view" cmp -s model-whole again
  works model --weights model-whole --out again --precision f16 --json
  check "also in another precision" json equals view=whole
  works model --weights model-whole --out again --view crop
  check "until it is told otherwise" cmp -s model again
  fails 1 "the index was built with another model" search --model model-whole --index bundle images/alone.bmp

  run build --model model-whole --images images/noise --out small
  check "a bundle is built with a view" exit_is 0
  works info --json small
  check "and tells it" json equals view=whole
  works search --model model-whole --index small --json --k 1 images/noise/03.bmp
  check "and is searched with it" json first 03.bmp
  fails 1 "the index was built with another model" search --model model --index small images/noise/03.bmp
  run build --model model --images images/noise --out small --json
  check "another view embeds everything anew" json fates added=25 embedded=25
  check "and the index no longer has one" bash -c '! grep -q "\"view\"" small/index.json'
  works embed --model model-whole --head features images/alone.bmp
  check "features are 768 numbers" [ "$(grep -o , "$stdout" | wc -l)" -eq 768 ]
  rm -rf small again model-whole
}

eight_bits() {
  works model --weights model --out model-i8 --precision i8 --levels 255 --calibrate images --pictures 12
  check "it tells its precision" says ", i8"
  check "and on what it calibrated" says "calibrated on 12 pictures"
  check "and which ranges it took" [ "$(grep -c 'ranges by .*<- used' "$stdout")" -eq 1 ]
  works model --weights "$weights" --out again --precision i8 --levels 255 --calibrate images --pictures 12 --json
  check "the same pictures give the same model" cmp -s model-i8 again
  check "--json" json calibrated 12
  check "--json tells the precision" json equals precision=i8
  works model --weights model --out again --precision i8 --levels 255 --calibrate images/noise --pictures 8
  check "others give another" bash -c '! cmp -s model-i8 again'
  check "the file is a quarter" [ "$(stat -c %s model-i8)" -lt $(($(stat -c %s model) / 4 + 60000)) ]
  works info model-i8
  check "info knows i8" says "ResNet-18, i8"
  fails 1 "f32 cannot be made of i8" model --weights model-i8 --out none
  fails 1 "f32 cannot be made of i8" model --weights model-i8 --out none --precision f32
  fails 1 "f16 cannot be made of i8" model --weights model-i8 --out none --precision f16
  check "nothing was made" [ ! -e none ]

  run build --model model-i8 --images images/noise --out small
  check "a bundle is built with i8" exit_is 0
  works search --model model-i8 --index small --json --k 1 images/noise/03.bmp
  check "and searched with it" json first 03.bmp
  fails 1 "the index was built with another model" search --model model --index small images/noise/03.bmp
  fails 1 "the index was built with another model" search --model again --index small images/noise/03.bmp
  fails 1 "the index was built with another model" search --model model-i8 --index bundle images/noise/03.bmp
  run build --model model --images images/noise --out small --json
  check "another model embeds everything anew" json fates added=25 embedded=25
  damaged_i8
  rm -rf small again
}

few_levels() {
  local id
  works model --weights model --out model-few --precision i8 --calibrate images --pictures 8
  check "it tells how many" says "weights of 12 levels"
  check "the file is an eighth" [ "$(stat -c %s model-few)" -lt $(($(stat -c %s model) / 8)) ]
  works info --json model-few
  check "info knows it" json equals kind=model precision=i8
  id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' <"$stdout")
  works model --weights model-few --out again --no-fc --json
  check "without fc it has the same id" json equals "id=$id"
  check "and half a megabyte less" [ "$(stat -c %s again)" -lt $(($(stat -c %s model-few) - 400000)) ]
  fails 1 "fewer than 255 levels" model --weights model --out none --no-fc
  fails 1 "the head 'logits' needs fc, which this model was made without" embed --model again images/alone.bmp
  fails 1 "the head 'svd:256' needs fc" build --model again --images images/noise --out none --head svd:256
  fails 1 "the head 'exact' needs fc" build --model again --images images/noise --out none --head exact
  check "nothing was made" [ ! -e none ]

  run build --model again --images images/noise --out small
  check "a bundle is built without fc, which its head does not need" exit_is 0
  works search --model again --index small --json --k 1 images/noise/03.bmp
  check "and searched" json first 03.bmp
  works search --model model-few --index small --json --k 1 images/noise/03.bmp
  check "also with it" json first 03.bmp
  run build --fresh --model model-few --images images/noise --out small --head logits
  check "an index of logits" exit_is 0
  fails 1 "the head 'logits' needs fc" search --model again --index small images/noise/03.bmp
  head -c 3000000 model-few >again
  fails 1 "does not fit its shape or the file's" info again
  rm -rf small model-few again
}

# The kernel's scales of the first convolution, all infinite.
damaged_i8() {
  python3 - <<'PYTHON'
import json, struct
data = bytearray(open("model-i8", "rb").read())
length = struct.unpack_from("<Q", data)[0]
begin, end = json.loads(data[8:8 + length])["conv1.scale"]["data_offsets"]
data[8 + length + begin:8 + length + end] = struct.pack("<f", float("inf")) * ((end - begin) // 4)
open("broken", "wb").write(data)
PYTHON
  fails 1 "broken: the model is damaged: tensor 'conv1.scale' has numbers that are out of range" info broken
  fails 1 "the model is damaged" embed --model broken images/alone.bmp
  rm broken
}

pictures_to_calibrate_on() {
  mkdir samples hollow
  fails 1 "'hollow' holds no pictures" model --weights model --out nothing --precision i8 --levels 255 --calibrate hollow
  fails 1 "cannot" model --weights model --out nothing --precision i8 --levels 255 --calibrate nowhere
  fails 1 "is not a folder" model --weights model --out nothing --precision i8 --levels 255 --calibrate images/alone.bmp
  cp images/waves/0[0-6].bmp samples
  fails 1 "needs at least 8 pictures, but there are 7" \
    model --weights model --out nothing --precision i8 --levels 255 --calibrate samples
  echo "no picture at all" >samples/fake.jpg
  head -c 2000 images/waves/07.bmp >samples/broken.bmp
  run model --weights model --out nothing --precision i8 --levels 255 --calibrate samples
  check "broken pictures do not count" exit_is 1
  check "which is told" complains "needs at least 8 pictures, but there are 7"
  check "a broken one is named" complains "skipped 'fake.jpg': this is text, not a picture"
  check "nothing was made" [ ! -e nothing ]
  cp images/stripes/01.bmp samples/stripes.bmp
  run model --weights model --out model-few --precision i8 --levels 255 --calibrate samples --json
  check "the others do" exit_is 0
  check "all of them" json calibrated 8
  check "broken ones are named" complains "skipped 'broken.bmp': the picture is damaged"
  check "and left out" [ "$(wc -l <"$stderr")" -eq 2 ]
  rm -rf samples hollow model-few
}
