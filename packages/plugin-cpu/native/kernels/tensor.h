/// How kernels see tensors and what every convolution-like kernel may do to its result before storing it.
///
/// Blocked layout (nChw16c, nChw8c): float32, [N][ceil(C / B)][H][W][B], 64-byte aligned, B = KernelTable::block. Lanes
/// beyond C are zero in every blocked tensor: kernels rely on it when reading and keep it when writing.
/// Planar layout (nchw): float32, [N][C][H][W], as users see tensors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuvee {

/// Where a kernel reads pixels. Offsets are in floats. A "block" is one channel block of a blocked tensor, one channel of a
/// planar one. Pixel x of row y of block c of image n is at
///   data + n * image + c * block + y * row + x * B                        when `rows` is null (B = 1 for planar), else
///   rows[c * rows_stride + y - rows_y0] + x * B                           (n is then 0; a strip, a ring buffer, …).
/// Only rows and columns inside the image are ever asked for: padding is the kernel's own business.
struct Source {
  const float* data = nullptr;
  std::ptrdiff_t image = 0, block = 0, row = 0;
  const float* const* rows = nullptr;
  int rows_stride = 0, rows_y0 = 0;

  const float* at(int n, int c, int y) const {
    return rows ? rows[static_cast<std::ptrdiff_t>(c) * rows_stride + y - rows_y0] : data + n * image + c * block + y * row;
  }
};

/// Where a kernel writes pixels; addressed as Source is.
struct Sink {
  float* data = nullptr;
  std::ptrdiff_t image = 0, block = 0, row = 0;
  float* const* rows = nullptr;
  int rows_stride = 0, rows_y0 = 0;

  float* at(int n, int c, int y) const {
    return rows ? rows[static_cast<std::ptrdiff_t>(c) * rows_stride + y - rows_y0] : data + n * image + c * block + y * row;
  }
};

/// A dense blocked (or, with block_size 1, planar) tensor as source or sink.
inline Source dense_source(const float* data, int channels, int height, int width, int block_size) {
  const std::ptrdiff_t row = std::ptrdiff_t{width} * block_size, block = row * height;
  return {data, block * ((channels + block_size - 1) / block_size), block, row};
}
inline Sink dense_sink(float* data, int channels, int height, int width, int block_size) {
  const std::ptrdiff_t row = std::ptrdiff_t{width} * block_size, block = row * height;
  return {data, block * ((channels + block_size - 1) / block_size), block, row};
}

/// Activations of an epilogue; a and b are Epilogue::a, b. NaN passes through every one of them.
enum class Act : std::uint8_t {
  none,
  relu,          // max(x, 0)
  clip,          // min(max(x, a), b)
  hard_swish,    // x * min(max(a * x + b, 0), 1);  HardSwish of ONNX and OpenVINO: a = 1/6, b = 1/2
  hard_sigmoid,  // min(max(a * x + b, 0), 1)
  sigmoid,       // 1 / (1 + exp(-x))
  silu,          // x / (1 + exp(-a * x));  swish with beta a
  elu,           // x < 0 ? a * (exp(x) - 1) : x
  leaky_relu,    // x < 0 ? a * x : x
  gelu_erf,      // x * (1 + erf(x / sqrt 2)) / 2
  gelu_tanh,     // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
  tanh,
  softplus,      // log(1 + exp(x))
  mish,          // x * tanh(softplus(x))
};

/// What happens to every result value x of channel c, in this order (absent parts are skipped):
///   x += bias[c];  x = x * pre_scale[c] + pre_shift[c];  x += residual (unless residual_after);
///   x = act(x);    x = x * post_scale[c] + post_shift[c];  x += residual (when residual_after).
/// Channel arrays hold round_up(C, 64) values, zero beyond C, at any alignment; scale and shift go together.
/// The residual has the result's shape and layout and is read once per value just before the store, so it may be the sink.
/// Pad lanes of a blocked result are stored as zero whatever the activation.
struct Epilogue {
  const float* bias = nullptr;
  const float *pre_scale = nullptr, *pre_shift = nullptr;
  const float *post_scale = nullptr, *post_shift = nullptr;
  bool has_residual = false, residual_after = false;
  Act act = Act::none;
  float a = 0, b = 0;
  Source residual{};
};

/// Elements that a channel array of an Epilogue must hold.
constexpr std::size_t channel_array_size(int channels) { return (static_cast<std::size_t>(channels) + 63) / 64 * 64; }

}  // namespace cuvee
