#include "kernels/winograd/winograd.h"

#include <cmath>

namespace cuvee {

void winograd_weight(const float* g, float* u, int tile) {
  const double a = std::sqrt(0.5), b = std::sqrt(2.0);
  const double large[6][3] = {{1, 0, 0},
                              {-2.0 / 3, -2.0 / 3 * a, -1.0 / 3},
                              {-2.0 / 3, 2.0 / 3 * a, -1.0 / 3},
                              {1.0 / 6, b / 6, 1.0 / 3},
                              {1.0 / 6, -b / 6, 1.0 / 3},
                              {0, 0, 1}};
  const double small[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  const auto* points = tile == 4 ? large : small;
  const int count = tile + 2;
  double half[6][3];
  for (int i = 0; i < count; ++i)
    for (int x = 0; x < 3; ++x) half[i][x] = points[i][0] * g[x] + points[i][1] * g[3 + x] + points[i][2] * g[6 + x];
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < count; ++j)
      u[i * count + j] = static_cast<float>(half[i][0] * points[j][0] + half[i][1] * points[j][1] + half[i][2] * points[j][2]);
}

void winograd_coarse_weight(const float* g, float* u) {
  constexpr int place[3] = {0, 1, 5};
  const auto along = [](double a, double b, double c, int i) { return i == 0 ? a : i == 1 ? a + b + c : c; };
  for (int i = 0; i < 3; ++i) {
    double half[3];
    for (int x = 0; x < 3; ++x) half[x] = along(g[x], g[3 + x], g[6 + x], i);
    for (int j = 0; j < 3; ++j) u[place[i] * 6 + place[j]] = static_cast<float>(along(half[0], half[1], half[2], j));
  }
}

}  // namespace cuvee
