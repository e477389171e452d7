// Large aligned buffers that are kept for the next call instead of going back to the system: fresh
// memory costs a page fault every 4 KB, which at H = 256 is a third of a training step.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace unrolled {

// How many numbers a tensor of these sizes has; RuntimeError where 64 bits do not hold their bytes.
int64_t count(const std::vector<int64_t>& sizes);

// Owns one buffer; gives it back to the pool when it goes. Safe from any thread and after fork.
class Buffer {
 public:
  explicit Buffer(int64_t floats);  // RuntimeError with the size where there is no such memory
  Buffer(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer();
  float* data() const { return data_; }

 private:
  float* data_;
  size_t bytes_;
};

void release_free_buffers();
int64_t free_buffer_bytes();

}  // namespace unrolled
