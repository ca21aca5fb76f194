// Pictures of bytes as planes of floats: conversion, mean and scale, and layout in one pass over memory.
//
//   plane[c][y][x] = byte[y][x][channel c] * scale[c] + shift[c]
//
// Bytes lie as pixels (NHWC) or as planes (NCHW); which of the picture's channels make which planes is free.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cpu.h"

namespace cuvee {

inline constexpr int max_image_channels = 4;

struct Image {
  const std::uint8_t* data = nullptr;
  std::ptrdiff_t picture = 0, row = 0;                // bytes from one to the next
  int pixel = 1;                                      // bytes from one pixel to the next: 1 for planes
  int channels = 0;                                   // planes made
  std::ptrdiff_t offset[max_image_channels] = {};     // of plane c's bytes from the picture's
  float scale[max_image_channels] = {}, shift[max_image_channels] = {};

  const std::uint8_t* at(int n, int y, int x) const { return data + n * picture + y * row + std::ptrdiff_t(x) * pixel; }
};

// n pixels from `from` on, to to[c][0 .. n). Reads no byte beyond them.
using ImageRow = void (*)(const Image& image, const std::uint8_t* from, float* const* to, std::ptrdiff_t n);
ImageRow image_row(Isa isa);

}  // namespace cuvee
