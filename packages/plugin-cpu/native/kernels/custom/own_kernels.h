// Kernels of users' libraries (include/cuvee_kernel.h), for the life of the process. A plan can only name what was loaded here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "include/cuvee_kernel.h"
#include "runtime/step.h"

namespace cuvee {

// Loads a library; `names` are the operations that it runs. Loading one again changes nothing.
Status load_own_kernels(const std::string& path, std::vector<std::string>& names);

// Null when no library brought it.
const CuveeKernel* own_kernel(std::string_view operation);

}  // namespace cuvee
