// What Python sees: addresses and sizes in, nothing of torch. Tensors are checked in layers/native.py;
// here only what would make the kernels read astray.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "dispatch.h"
#include "network.h"

namespace nb = nanobind;
using namespace unrolled;

namespace {

typedef std::vector<uintptr_t> Addresses;

template <class T = float>
T* pointer(uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

std::vector<float*> pointers(const Addresses& addresses, int64_t count, const char* what) {
  if (static_cast<int64_t>(addresses.size()) != count)
    throw std::invalid_argument(std::string(what) + ": expected " + std::to_string(count) +
                                " addresses, got " + std::to_string(addresses.size()));
  std::vector<float*> made;
  for (const uintptr_t address : addresses) made.push_back(pointer(address));
  return made;
}

// The shape of a layer, fixed when it is made.
struct Shape {
  int kind;
  int64_t input, hidden, layers, directions;
  Shape(int kind, int64_t input, int64_t hidden, int64_t layers, int64_t directions)
      : kind(kind), input(input), hidden(hidden), layers(layers), directions(directions) {
    if (kind < 0 || kind > 3 || input < 1 || hidden < 1 || layers < 1 || directions < 1 || directions > 2)
      throw std::invalid_argument("Shape: kind must be 0..3, directions 1 or 2, all sizes positive");
  }
};

// The rows of a batch, step after step; `sizes` is the address of (T) int64, or 0 when all are B.
struct Steps {
  Sequence seq;
  std::vector<int64_t> sizes, offsets;
  Steps(int64_t steps, int64_t batch, uintptr_t address) {
    if (steps < 1 || batch < 0) throw std::invalid_argument("Steps: needs a step and no negative batch");
    seq = Sequence{steps, batch, steps * batch, nullptr, nullptr, false};
    if (!address) return;
    sizes.assign(pointer<const int64_t>(address), pointer<const int64_t>(address) + steps);
    seq.rows = 0;
    for (int64_t t = 0; t < steps; ++t) {
      if (sizes[t] < 1 || sizes[t] > (t ? sizes[t - 1] : batch))
        throw std::invalid_argument("Steps: batch sizes must be positive and never rise");
      offsets.push_back(seq.rows);
      seq.rows += sizes[t];
    }
    if (sizes[0] != batch) throw std::invalid_argument("Steps: the first batch size is not the batch");
    seq.sizes = sizes.data();
    seq.offsets = offsets.data();
  }
  Steps(const Steps&) = delete;
};

Network network(const Shape& s, const Steps& steps, const Addresses& weights, int threads) {
  return Network{static_cast<Kind>(s.kind), s.input, s.hidden, s.layers, s.directions, steps.seq,
                 pointers(weights, s.layers * s.directions * 4, "weights"), usable_threads(threads)};
}

// A buffer of the pool as a tensor of its own, which gives it back when it goes. Autograd frees what
// was saved with its other tensors; results so large are spared a page fault every 4 KB.
nb::object as_tensor(std::unique_ptr<Buffer> buffer, const std::vector<size_t>& shape,
                     const std::vector<int64_t>& strides) {
  if (shape.size() != strides.size())
    throw std::invalid_argument("a tensor needs as many strides as axes");
  float* data = buffer->data();
  const nb::capsule owner(buffer.release(), [](void* p) noexcept { delete static_cast<Buffer*>(p); });
  return nb::cast(
      nb::ndarray<nb::pytorch, float>(data, shape.size(), shape.data(), owner, strides.data()));
}

nb::object empty(const std::vector<size_t>& shape, const std::vector<int64_t>& strides) {
  int64_t floats = 1;
  for (const size_t n : shape) floats *= static_cast<int64_t>(n);
  return as_tensor(std::make_unique<Buffer>(floats), shape, strides);
}

std::vector<float> elementary(const std::vector<float>& x) {
  std::vector<float> out(3 * x.size());
  kernels().elementary(x.data(), static_cast<int64_t>(x.size()), out.data());
  return out;
}

}  // namespace

NB_MODULE(_kernels, m) {
  // Autograd graphs and caches that live to the end of the program are no leaks.
  nb::set_leak_warnings(false);
  nb::class_<Shape>(m, "Shape").def(nb::init<int, int64_t, int64_t, int64_t, int64_t>());
  nb::class_<Steps>(m, "Steps")
      .def(nb::init<int64_t, int64_t, uintptr_t>())
      .def_prop_ro("rows", [](const Steps& s) { return s.seq.rows; });

  // states: h0, c0. results: y, hn, cn.
  m.def(
      "forward",
      [](const Shape& shape, const Steps& steps, const Addresses& weights, uintptr_t x,
         const Addresses& states, const Addresses& results, bool keep, int threads) {
        const Network n = network(shape, steps, weights, threads);
        const auto s = pointers(states, 2, "states");
        const auto r = pointers(results, 3, "results");
        std::unique_ptr<Buffer> saved;
        {
          const nb::gil_scoped_release release;
          saved = forward(n, pointer(x), States{s[0], s[1]}, Results{r[0], r[1], r[2]}, keep);
        }
        if (!saved) return nb::object(nb::none());
        const size_t floats = static_cast<size_t>(saved->bytes()) / sizeof(float);
        return as_tensor(std::move(saved), {floats}, {1});
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("results"), nb::arg("keep"), nb::arg("threads"));

  // given: dy, dhn, dcn. wanted: dx, dh0, dc0.
  m.def(
      "backward",
      [](const Shape& shape, const Steps& steps, const Addresses& weights, uintptr_t x,
         const Addresses& states, uintptr_t y, uintptr_t saved, const Addresses& given,
         const Addresses& wanted, const Addresses& weight_gradients, int threads) {
        const Network n = network(shape, steps, weights, threads);
        const auto s = pointers(states, 2, "states");
        const auto g = pointers(given, 3, "given");
        const auto w = pointers(wanted, 3, "wanted");
        const InputGradients in{w[0], w[1], w[2],
                                pointers(weight_gradients, n.layers * n.directions * 4, "gradients")};
        const nb::gil_scoped_release release;
        backward(n, pointer(x), States{s[0], s[1]}, pointer(y), pointer(saved),
                 OutputGradients{g[0], g[1], g[2]}, in);
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("y"), nb::arg("saved"), nb::arg("given"), nb::arg("wanted"), nb::arg("weight_gradients"),
      nb::arg("threads"));

  m.def("empty", &empty, nb::arg("shape"), nb::arg("strides"));
  m.def("isa", [] { return std::string(kernels().name); });
  m.def("built_isas", &built_isas);
  m.def("supported_isas", &supported_isas);
  m.def("choose_isa", &choose_isa, nb::arg("name"));
  m.def("cpu_features", &cpu_features);
  m.def("elementary", &elementary, nb::arg("x"));
  m.def("free_buffer_bytes", &free_buffer_bytes);
  m.def("release_free_buffers", &release_free_buffers);
  m.attr("build") = UNROLLED_BUILD;
}
