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

}  // namespace cuvee
