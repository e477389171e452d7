// Which instruction sets this build holds, which the processor has, and which one is in use.
#pragma once
#include <string>
#include <vector>

#include "problem.h"

namespace unrolled {

std::vector<std::string> built_isas();      // widest first
std::vector<std::string> supported_isas();  // those of them that this processor can run
const Kernels& kernels();                   // the one in use; at first the widest supported
int find_cell(const std::string& name);     // its place among the kernels' cells; -1: none of that name
bool choose_isa(const std::string& name);   // false: not built, or not for this processor
std::vector<std::string> cpu_features();

}  // namespace unrolled
