/* Aims at the streams of weights: a decoder that reads or writes too far, and an encoder whose streams do not decode.
 */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "model/rans_encode.h"

/* The rest of the input is a stream, decoded to memory of exactly the codes' size. */
static void decode(input *in, size_t count) {
  blob stream = take_blob(in, in->size), codes = {malloc(count + 1), count}, again = {malloc(count + 1), count};
  require(codes.bytes != NULL && again.bytes != NULL);
  codes.bytes[count] = again.bytes[count] = 0xa5;
  if (hb_rans_decode(stream.bytes, stream.size, (int8_t *)codes.bytes, count)) {
    require(hb_rans_decode(stream.bytes, stream.size, (int8_t *)again.bytes, count));
    require(memcmp(codes.bytes, again.bytes, count) == 0);
    blob shorter = blob_of(stream.bytes, stream.size - 1);
    require(!hb_rans_decode(shorter.bytes, shorter.size, (int8_t *)again.bytes, count));
    blob_free(&shorter);
  }
  require(codes.bytes[count] == 0xa5 && again.bytes[count] == 0xa5);
  blob_free(&codes);
  blob_free(&again);
  blob_free(&stream);
}

/* The rest of the input is codes. */
static void encode(input *in) {
  blob codes = take_blob(in, in->size);
  for (size_t i = 0; i < codes.size; i++) codes.bytes[i] = codes.bytes[i] == 128 ? 127 : codes.bytes[i];
  uint8_t *stream;
  size_t size;
  if (codes.size > 0) {
    require(hb_rans_encode((const int8_t *)codes.bytes, codes.size, &stream, &size, &failure) == HB_OK);
    blob exact = blob_of(stream, size), decoded = blob_of(codes.bytes, codes.size);
    memset(decoded.bytes, 0, decoded.size);
    require(hb_rans_decode(exact.bytes, exact.size, (int8_t *)decoded.bytes, decoded.size));
    require(memcmp(decoded.bytes, codes.bytes, codes.size) == 0);
    blob_free(&exact);
    blob_free(&decoded);
    free(stream);
  }
  blob_free(&codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  const uint16_t count = take_u16(&in);
  if (count == UINT16_MAX)
    encode(&in);
  else
    decode(&in, count);
  return 0;
}
