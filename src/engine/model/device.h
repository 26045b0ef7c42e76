#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace studio {

/// GPUs that this build of torch can use; 0 with a build for the CPU alone or without a driver.
int usableGpus();

/// Whether the first GPU computes in bfloat16 and TF32 (compute capability 8 and newer).
bool gpuHasBf16();

/// Where a run computes: "cuda:0" when there is a GPU and the CPU is not asked for, else "cpu". One run uses one device.
std::string computeDevice(bool useCpu);

/// Numbers on a device, as one copy that the caller need not wait for. [values]
at::Tensor onDevice(const std::vector<std::int64_t>& values, const at::Device& device,
                    at::ScalarType type = at::kLong);

/// The tensor on the CPU and in one piece: itself when it is there already.
at::Tensor onCpu(const at::Tensor& tensor);

} // namespace studio
