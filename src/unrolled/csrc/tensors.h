// What lies in memory behind a torch tensor, without torch's headers.
#pragma once
#include <nanobind/nanobind.h>

#include "problem.h"

namespace unrolled {

struct View {
  static constexpr int kMost = 3;  // axes of what the layers take
  float* data = nullptr;
  int axes = 0;
  int64_t shape[kMost] = {}, strides[kMost] = {};

  int64_t numbers() const;
  // Whether the numbers stand one after another, as an address alone says it.
  bool dense() const;
};

// Reads a plain strided float32 tensor on the CPU; false for anything else: a subclass, another number
// type or device, a pending minus, more than three axes.
bool read(nanobind::handle tensor, View& view);

// The three below throw BufferError where the numbers do not lie as asked; None is a null pointer.
// All numbers one after another.
float* dense(nanobind::handle tensor);
// (T, B, width), (B, T, width) when `batch_first`, (T, width), or (N, width) of a packed sequence.
Rows rows(nanobind::handle tensor, bool batch_first);
// The same, written by the kernels, which they do in the order (T, B, width).
float* time_major(nanobind::handle tensor, const Sequence& seq, bool batch_first);

// Finds torch's types and its C table of DLPack. torch must have been imported.
void find_torch();

}  // namespace unrolled
