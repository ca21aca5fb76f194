// Pictures of bytes or floats as planes of floats: conversion, mean and scale, and layout in one pass over memory.
//
//   plane[c][y][x] = (picture[y][x][channel c] + pre[c]) * scale[c] + shift[c]
//
// Elements lie as pixels (NHWC) or as planes (NCHW); which of the picture's channels make which planes is free.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cpu.h"

namespace cuvee {

inline constexpr int max_image_channels = 4;

struct Image {
  const std::uint8_t* data = nullptr;
  bool floats = false;                                // f32 instead of bytes
  std::ptrdiff_t picture = 0, row = 0;                // bytes of memory from one to the next
  int pixel = 1;                                      // bytes of memory from one pixel to the next
  int channels = 0;                                   // planes made
  std::ptrdiff_t offset[max_image_channels] = {};     // bytes of memory from the picture's begin to that of plane c's elements
  float pre[max_image_channels] = {}, scale[max_image_channels] = {}, shift[max_image_channels] = {};

  const std::uint8_t* at(int n, int y, int x) const { return data + n * picture + y * row + std::ptrdiff_t(x) * pixel; }
};

// n pixels from `from` on, to to[c][0 .. n). Reads nothing beyond them.
using ImageRow = void (*)(const Image& image, const std::uint8_t* from, float* const* to, std::ptrdiff_t n);
ImageRow image_row(Isa isa);

}  // namespace cuvee
