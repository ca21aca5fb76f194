#include "kernels/custom/own_kernels.h"

#include <map>
#include <mutex>

#include "base/library.h"

namespace cuvee {
namespace {

std::mutex mutex;
std::map<std::string, const CuveeKernel*, std::less<>> kernels;

}  // namespace

Status load_own_kernels(const std::string& path, std::vector<std::string>& names) {
  std::string problem;
  const auto function = reinterpret_cast<CuveeKernelsFunction>(library_symbol(path, "cuvee_kernels", problem));
  if (!function) return Status::fail("PLUGIN_LOAD_FAILED", "the kernel library \"" + path + "\": " + problem);
  const CuveeKernels* all = function();
  if (!all || all->abi != CUVEE_KERNEL_ABI)
    return Status::fail("PLUGIN_LOAD_FAILED", "the kernel library \"" + path + "\" is made for version " + std::to_string(all ? all->abi : 0) + " of cuvee_kernel.h, this is version " + std::to_string(CUVEE_KERNEL_ABI));
  const std::lock_guard lock(mutex);
  for (int32_t i = 0; i < all->count; ++i) {
    const CuveeKernel& kernel = all->kernels[i];
    if (!kernel.operation || !kernel.run) return Status::fail("PLUGIN_LOAD_FAILED", "the kernel library \"" + path + "\" lists a kernel without name or function");
    const auto [at, fresh] = kernels.emplace(kernel.operation, &kernel);
    if (!fresh && at->second->run != kernel.run) return Status::fail("PLUGIN_LOAD_FAILED", "another library runs " + std::string(kernel.operation) + " already");
    names.emplace_back(kernel.operation);
  }
  return {};
}

const CuveeKernel* own_kernel(std::string_view operation) {
  const std::lock_guard lock(mutex);
  const auto found = kernels.find(operation);
  return found == kernels.end() ? nullptr : found->second;
}

}  // namespace cuvee
