#include "kernels/table.h"
#include "kernels/tile/tile.h"
#include "kernels/negligible.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

TEST(tile_activations_match_double_precision) {
  for (Isa isa : isas()) {
    const TileKernels& tile = *kernel_table(isa).tile;
    for (Act act : {Act::none, Act::relu, Act::clip, Act::hard_swish, Act::hard_sigmoid, Act::sigmoid, Act::silu, Act::elu, Act::leaky_relu,
                    Act::gelu_erf, Act::gelu_tanh, Act::tanh, Act::softplus, Act::mish}) {
      const float a = act == Act::clip ? -1.0f : act == Act::silu || act == Act::elu ? 1.0f : 0.2f, b = act == Act::clip ? 2.0f : 0.5f;
      Guarded x(3001), y(3001);
      for (int i = 0; i < 3000; ++i) x[i] = float((i - 1500) * (i % 7 == 0 ? 0.06 : 0.005));
      x[3000] = std::nanf("");
      tile.activate(y.data(), x.data(), 3001, act, a, b);
      CHECK(std::isnan(y[3000]), "%s: NaN became %g in act %d", isa_name(isa), double(y[3000]), int(act));
      double worst = 0, at = 0;
      for (int i = 0; i < 3000; ++i) {
        const double want = test::activate(x[i], act, a, b), error = std::abs(y[i] - want) / (std::abs(want) + 0.05);
        if (!(error <= worst)) worst = error, at = x[i];
      }
      CHECK(worst <= 3e-6, "%s: act %d is off by %g (relative) at %g", isa_name(isa), int(act), worst, at);
    }
  }
}

TEST(tile_extreme_arguments_stay_sane) {
  for (Isa isa : isas()) {
    const TileKernels& tile = *kernel_table(isa).tile;
    const float inf = INFINITY;
    const float x[8] = {-inf, inf, -200, 200, -90, 90, 0, -0.0f};
    float y[8];
    tile.activate(y, x, 8, Act::sigmoid, 0, 0);
    CHECK(y[0] == 0 && y[1] == 1 && y[2] == 0 && y[3] == 1 && y[4] < 1e-38f && y[5] == 1 && y[6] == 0.5f, "%s: sigmoid", isa_name(isa));
    tile.activate(y, x, 8, Act::tanh, 0, 0);
    CHECK(y[0] == -1 && y[1] == 1 && y[2] == -1 && y[3] == 1 && y[6] == 0, "%s: tanh", isa_name(isa));
    tile.activate(y, x, 8, Act::elu, 1, 0);
    CHECK(y[0] == -1 && y[1] == inf && y[2] == -1 && y[3] == 200, "%s: elu", isa_name(isa));
    tile.activate(y, x, 8, Act::relu, 0, 0);
    CHECK(y[0] == 0 && y[1] == inf, "%s: relu", isa_name(isa));
  }
}

TEST(negligible_constants_become_zero) {
  Serial serial;
  std::vector<float> values = {1.0f, -1e-20f, 1e-25f, -1e-39f, 0.0f};
  drop_negligible(values.data(), values.size(), serial);
  CHECK(values[0] == 1 && values[1] == -1e-20f && values[2] == 0 && values[3] == 0, "relative to 1: %g %g", double(values[2]), double(values[3]));
  std::vector<float> tiny = {1e-30f, 1e-39f};
  drop_negligible(tiny.data(), tiny.size(), serial);
  CHECK(tiny[1] != 0, "a small tensor lost its small values");
  std::vector<float> wild = {INFINITY, 1e-39f};
  drop_negligible(wild.data(), wild.size(), serial);
  CHECK(wild[1] != 0, "infinity made everything negligible");
  std::vector<float> many(100'000, 1e-5f);  // several chunks: the largest is in the first, what it makes negligible in the last
  many.front() = -1, many.back() = -1e-25f;
  drop_negligible(many.data(), many.size(), serial);
  CHECK(many.back() == 0 && many.front() == -1 && many[50'000] == 1e-5f, "of many: %g", double(many.back()));
}
