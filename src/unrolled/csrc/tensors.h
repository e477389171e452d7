// What lies in memory behind a torch tensor, without torch's headers.
#pragma once
#include <nanobind/nanobind.h>

#include "problem.h"

namespace unrolled {

struct View {
  static constexpr int kMost = 3;  // axes of what the layers take
  void* data = nullptr;
  int axes = 0;
  int64_t shape[kMost] = {}, strides[kMost] = {};

  float* floats() const { return static_cast<float*>(data); }
  bool empty() const;
  // Whether the numbers stand one after another, as an address alone says it.
  bool dense() const;
};

enum class Number : uint8_t { kFloat32, kInt64 };

// Reads a plain strided tensor of these numbers on the CPU; false for anything else: a subclass, another
// number type or device, a pending minus, more than three axes.
bool read(nanobind::handle tensor, View& view, Number number = Number::kFloat32);

// What a tensor's axes must be; one of size 1 among those that may be missing is.
struct Sizes {
  int axes;
  int64_t size[View::kMost];
  bool missing[View::kMost] = {};  // which may be

  bool fit(const View& view) const;
};

// All three below throw RuntimeError where a tensor has other sizes, so that none is left by the kernels,
// and BufferError where its numbers do not lie as asked. None is a null pointer.
// All numbers one after another.
float* dense(nanobind::handle tensor, const Sizes& sizes);
// (T, B, width), (B, T, width) when `batch_first`, (T, width), or (N, width) of a packed sequence.
Rows rows(nanobind::handle tensor, const Sizes& sizes, bool batch_first);
// The same, written by the kernels, which they do in the order (T, B, width).
float* time_major(nanobind::handle tensor, const Sizes& sizes, const Sequence& seq, bool batch_first);

// Finds torch's types and its C table of DLPack. torch must have been imported.
void find_torch();

}  // namespace unrolled
