#include "resnet18/architecture.h"

#include <string.h>

const hb_conv_spec hb_conv_specs[HB_CONV_COUNT] = {
    {"conv1", "bn1", 3, 64, 7, 2, HB_MAP_INPUT},
    {"layer1.0.conv1", "layer1.0.bn1", 64, 64, 3, 1, HB_MAP_CONV(0)},
    {"layer1.0.conv2", "layer1.0.bn2", 64, 64, 3, 1, HB_MAP_CONV(1)},
    {"layer1.1.conv1", "layer1.1.bn1", 64, 64, 3, 1, HB_MAP_BLOCK(0)},
    {"layer1.1.conv2", "layer1.1.bn2", 64, 64, 3, 1, HB_MAP_CONV(3)},
    {"layer2.0.conv1", "layer2.0.bn1", 64, 128, 3, 2, HB_MAP_BLOCK(1)},
    {"layer2.0.conv2", "layer2.0.bn2", 128, 128, 3, 1, HB_MAP_CONV(5)},
    {"layer2.0.downsample.0", "layer2.0.downsample.1", 64, 128, 1, 2, HB_MAP_BLOCK(1)},
    {"layer2.1.conv1", "layer2.1.bn1", 128, 128, 3, 1, HB_MAP_BLOCK(2)},
    {"layer2.1.conv2", "layer2.1.bn2", 128, 128, 3, 1, HB_MAP_CONV(8)},
    {"layer3.0.conv1", "layer3.0.bn1", 128, 256, 3, 2, HB_MAP_BLOCK(3)},
    {"layer3.0.conv2", "layer3.0.bn2", 256, 256, 3, 1, HB_MAP_CONV(10)},
    {"layer3.0.downsample.0", "layer3.0.downsample.1", 128, 256, 1, 2, HB_MAP_BLOCK(3)},
    {"layer3.1.conv1", "layer3.1.bn1", 256, 256, 3, 1, HB_MAP_BLOCK(4)},
    {"layer3.1.conv2", "layer3.1.bn2", 256, 256, 3, 1, HB_MAP_CONV(13)},
    {"layer4.0.conv1", "layer4.0.bn1", 256, 512, 3, 2, HB_MAP_BLOCK(5)},
    {"layer4.0.conv2", "layer4.0.bn2", 512, 512, 3, 1, HB_MAP_CONV(15)},
    {"layer4.0.downsample.0", "layer4.0.downsample.1", 256, 512, 1, 2, HB_MAP_BLOCK(5)},
    {"layer4.1.conv1", "layer4.1.bn1", 512, 512, 3, 1, HB_MAP_BLOCK(6)},
    {"layer4.1.conv2", "layer4.1.bn2", 512, 512, 3, 1, HB_MAP_CONV(18)},
};

const uint32_t hb_block_terms[HB_BLOCK_COUNT][2] = {
    {HB_MAP_CONV(2), HB_MAP_CONV(0)},   {HB_MAP_CONV(4), HB_MAP_BLOCK(0)},  {HB_MAP_CONV(6), HB_MAP_CONV(7)},
    {HB_MAP_CONV(9), HB_MAP_BLOCK(2)},  {HB_MAP_CONV(11), HB_MAP_CONV(12)}, {HB_MAP_CONV(14), HB_MAP_BLOCK(4)},
    {HB_MAP_CONV(16), HB_MAP_CONV(17)}, {HB_MAP_CONV(19), HB_MAP_BLOCK(6)},
};

static const char *const precision_names[] = {"f32", "f16", "i8"};

const char *hb_precision_name(hb_precision precision) { return precision_names[precision]; }

bool hb_precision_parse(const char *name, hb_precision *out) {
  for (int p = HB_PRECISION_F32; p <= HB_PRECISION_I8; p++)
    if (strcmp(name, precision_names[p]) == 0) return *out = (hb_precision)p, true;
  return false;
}
