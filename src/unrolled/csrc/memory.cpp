#include "memory.h"

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sys/mman.h>
#endif

namespace unrolled {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kMostFloats = (int64_t{1} << 60) - 1;  // their bytes, rounded up, fit 63 bits
constexpr size_t kKeptBytes = size_t{512} << 20;  // of free buffers, beyond which the oldest go

struct Piece {
  float* data;
  size_t bytes;
};

struct Pool {
  std::mutex mutex;
  std::vector<Piece> free;
  size_t free_bytes = 0;
};

// Never destroyed: a buffer may outlive the module's statics at the interpreter's end.
Pool& pool() {
  static Pool* instance = [] {
    Pool* made = new Pool;
#if defined(__linux__)
    // A fork must not happen while another thread holds the lock: the child could never take it.
    pthread_atfork([] { pool().mutex.lock(); }, [] { pool().mutex.unlock(); },
                   [] { pool().mutex.unlock(); });
#endif
    return made;
  }();
  return *instance;
}

Piece allocate(size_t bytes) {
  const size_t line = bytes >= kHugePage ? kHugePage : kLine;
  bytes = (bytes + line - 1) / line * line;
  void* data = std::aligned_alloc(line, bytes);
  if (!data)  // in torch's words, by which programs that try a smaller batch know it
    throw std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried to allocate " +
                             std::to_string(bytes) + " bytes (for unrolled's kernels)");
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (line == kHugePage) madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return {static_cast<float*>(data), bytes};
}

// The smallest free buffer that is large enough and not more than twice too large.
Piece take(size_t bytes) {
  Pool& p = pool();
  {
    const std::lock_guard<std::mutex> lock(p.mutex);
    auto best = p.free.end();
    for (auto it = p.free.begin(); it != p.free.end(); ++it)
      if (it->bytes >= bytes && it->bytes / 2 <= bytes + kLine &&
          (best == p.free.end() || it->bytes < best->bytes))
        best = it;
    if (best != p.free.end()) {
      const Piece found = *best;
      p.free.erase(best);
      p.free_bytes -= found.bytes;
      return found;
    }
  }
  return allocate(bytes);
}

void give(Piece piece) {
  if (!piece.data) return;
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  p.free.push_back(piece);
  p.free_bytes += piece.bytes;
  while (p.free_bytes > kKeptBytes) {
    p.free_bytes -= p.free.front().bytes;
    std::free(p.free.front().data);
    p.free.erase(p.free.begin());
  }
}

}  // namespace

int64_t count(const std::vector<int64_t>& sizes) {
  int64_t product = 1;
  bool fits = true;
  for (const int64_t n : sizes) fits = !__builtin_mul_overflow(product, n, &product) && n >= 0 && fits;
  for (const int64_t n : sizes)
    if (n == 0) return 0;
  if (fits && product <= kMostFloats) return product;
  std::string text;
  for (const int64_t n : sizes) text += (text.empty() ? "" : ", ") + std::to_string(n);
  throw std::runtime_error("Storage size calculation overflowed with sizes=[" + text + "]");
}

Buffer::Buffer(int64_t floats) {
  const Piece piece = take((static_cast<size_t>(floats) + 1) * sizeof(float));
  data_ = piece.data;
  bytes_ = piece.bytes;
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Buffer::~Buffer() { give({data_, bytes_}); }

void release_free_buffers() {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  for (const Piece& piece : p.free) std::free(piece.data);
  p.free.clear();
  p.free_bytes = 0;
}

int64_t free_buffer_bytes() {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  return static_cast<int64_t>(p.free_bytes);
}

}  // namespace unrolled
