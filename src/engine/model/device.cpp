#include "engine/model/device.h"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>

namespace studio {

int usableGpus()
{
    if (!at::hasCUDA()) return 0;
    return static_cast<int>(at::detail::getCUDAHooks().deviceCount());
}

bool gpuHasBf16()
{
    // The hook's name is narrower than its question, which is the compute capability.
    return usableGpus() > 0 && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

std::string computeDevice(bool useCpu)
{
    return !useCpu && usableGpus() > 0 ? "cuda:0" : "cpu";
}

at::Tensor onDevice(const std::vector<std::int64_t>& values, const at::Device& device, at::ScalarType type)
{
    return at::tensor(values, type).to(device, /*non_blocking=*/!device.is_cpu());
}

at::Tensor onCpu(const at::Tensor& tensor)
{
    return tensor.to(at::kCPU).contiguous();
}

} // namespace studio
