#include "kernels/tile/tile.h"

namespace cuvee {

void set_epilogue(TileArgs& args, const Epilogue& epilogue) {
  seek_channel(args, epilogue, 0);
  args.residual_after = epilogue.residual_after;
  args.act = epilogue.act;
  args.lo = epilogue.a;
  args.hi = epilogue.b;
  args.form = tile_form::general;
  if (epilogue.pre_scale || (epilogue.has_residual && epilogue.residual_after)) return;
  switch (epilogue.act) {
    case Act::none: args.form = tile_form::linear; break;
    case Act::relu: args.form = tile_form::relu; break;
    case Act::clip:
      if (epilogue.a <= 0 && epilogue.b >= 0) args.form = tile_form::clip;  // else pad lanes would not stay zero
      break;
    case Act::hard_swish: args.form = tile_form::hard_swish; break;
    default: break;
  }
}

namespace {

void run_row(const TileKernel* table, int most, TileArgs& args, int pixels) {
  int calls = (pixels + most - 1) / most;
  for (int left = pixels; left > 0; --calls) {
    const int now = (left + calls - 1) / calls;
    table[now - 1](args);
    args.ahead = 0;
    args.fetch += args.fetch_step;
    args.a_offset += now * args.a_step;
    args.c += now * args.c_step;
    if (args.residual) args.residual += now * args.r_step;
    left -= now;
  }
}

}  // namespace

void run_tiles(const TileKernels& kernels, TileArgs& args, int vectors, int pixels) {
  run_row(args.stem && vectors == 1 && kernels.stem[0] ? kernels.stem : kernels.kernel[vectors - 1], kernels.pixels[vectors], args, pixels);
}

void run_half_tiles(const TileKernels& kernels, TileArgs& args, int pixels) { run_row(kernels.half, kernels.half_pixels, args, pixels); }

}  // namespace cuvee
