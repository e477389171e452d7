// What Python sees. Here calls are only checked, for what would make the kernels read astray, and made.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <tuple>

#include "call.h"

namespace nb = nanobind;
using namespace unrolled;

namespace {

// A buffer of the pool as a tensor of its own, which gives it back when it goes. Autograd frees what
// was saved with its other tensors; results so large are spared a page fault every 4 KB.
nb::object as_tensor(std::unique_ptr<Buffer> buffer, const std::vector<size_t>& shape,
                     const std::vector<int64_t>& strides) {
  float* data = buffer->data();
  const nb::capsule owner(buffer.release(), [](void* p) noexcept { delete static_cast<Buffer*>(p); });
  return nb::cast(
      nb::ndarray<nb::pytorch, float>(data, shape.size(), shape.data(), owner, strides.data()));
}

nb::object empty(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  const int64_t floats = count(shape);
  if (shape.size() != strides.size())
    throw std::invalid_argument("a tensor needs as many strides as axes");
  int64_t last = 0;  // the number furthest from the first
  for (size_t i = 0; floats && i < shape.size(); ++i) {
    int64_t way;
    if (strides[i] < 0 || __builtin_mul_overflow(shape[i] - 1, strides[i], &way) ||
        __builtin_add_overflow(last, way, &last) || last >= floats)
      throw std::invalid_argument("strides lead out of a tensor of these sizes");
  }
  return as_tensor(std::make_unique<Buffer>(floats), {shape.begin(), shape.end()}, strides);
}

// The cells that have kernels: name, gates, tensors of the state.
std::vector<std::tuple<std::string, int, int>> cells() {
  std::vector<std::tuple<std::string, int, int>> found;
  for (int i = 0; i < kernels().cell_count; ++i) {
    const CellKernels& cell = kernels().cells[i];
    found.emplace_back(cell.name, cell.gates, cell.states);
  }
  return found;
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
  find_torch();
  nb::class_<Shape>(m, "Shape")
      .def(nb::init<const std::string&, int64_t, int64_t, int64_t, int64_t, bool, bool>())
      .def_prop_ro("keeps_h", [](const Shape& s) { return s.cell().keeps_h; })
      .def("takes", &Shape::takes, nb::arg("weights"), nb::arg("x"), nb::arg("state").none())
      .def("takes_step", &Shape::takes_step, nb::arg("weights"), nb::arg("x"), nb::arg("state").none());
  nb::class_<Steps>(m, "Steps")
      .def(nb::init<int64_t, int64_t>(), nb::arg("steps"), nb::arg("batch"))
      .def(nb::init<nb::handle>(), nb::arg("batch_sizes"))
      .def_prop_ro("rows", [](const Steps& s) { return s.seq.rows; });

  // states: the first of each, h to begin with. results: y, then the last of each.
  m.def(
      "forward",
      [](const Shape& shape, const Steps& steps, const nb::list& weights, nb::handle x, const nb::tuple& states,
         const nb::tuple& results, bool keep, int threads) {
        const Call call{shape, steps.seq};
        const nb::tuple held(weights);  // another thread may exchange a weight of the layer meanwhile
        const Network n = call.network(held, threads);
        const Rows from = call.inputs(x);
        const States first = read_only(call.states(states));
        const StateResults last = call.states(results, 1);
        const Results to{call.output_result(results[0]), last};
        call.there(from.p), call.there(to.y);
        for (int i = 0; i < n.cell.states; ++i) call.there(last[i]);
        std::unique_ptr<Buffer> saved;
        {
          const nb::gil_scoped_release release;
          saved = forward(n, from, first, to, keep);
        }
        if (!saved) return nb::object(nb::none());
        return as_tensor(std::move(saved), {static_cast<size_t>(saved_floats(n))}, {1});
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("results"), nb::arg("keep"), nb::arg("threads"));

  // y: None for a cell that keeps h. given: dy, then the gradients of the last states. wanted: dx, then those of the first.
  m.def(
      "backward",
      [](const Shape& shape, const Steps& steps, const nb::list& weights, nb::handle x, const nb::tuple& states,
         nb::handle y, nb::handle saved, const nb::tuple& given, const nb::tuple& wanted,
         const nb::list& weight_gradients, int threads) {
        const Call call{shape, steps.seq};
        const nb::tuple held(weights), held_gradients(weight_gradients);
        const Network n = call.network(held, threads);
        const Rows from = call.inputs(x);
        const States first = read_only(call.states(states));
        const States dlast = read_only(call.states(given, 1));
        const StateResults dfirst = call.states(wanted, 1);
        const OutputGradients out{call.outputs(given[0]), dlast};
        const InputGradients in{call.input_result(wanted[0]), dfirst, call.weights(held_gradients)};
        float* const values = dense(saved, {1, {saved_floats(n)}});
        const Rows outputs = shape.cell().keeps_h ? Rows{} : call.outputs(y);
        call.there(from.p), call.there(values);
        if (!shape.cell().keeps_h) call.there(outputs.p);
        const nb::gil_scoped_release release;
        backward(n, from, first, outputs, values, out, in);
      },
      nb::arg("shape"), nb::arg("steps"), nb::arg("weights"), nb::arg("x"), nb::arg("states"),
      nb::arg("y").none(), nb::arg("saved"), nb::arg("given"), nb::arg("wanted"), nb::arg("weight_gradients"),
      nb::arg("threads"));

  m.def("cells", &cells);
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
