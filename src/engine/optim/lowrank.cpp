#include "engine/optim/lowrank.h"

#include "engine/optim/adafactor.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace studio {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-6;

std::int64_t rankFor(std::int64_t rank, const at::Tensor& g)
{
    return std::min({rank, g.size(0), g.size(1)});
}

/// Right: [rank, columns], rows orthonormal. Left: [rows, rank], columns orthonormal. Computed in float32 as
/// the original does.
at::Tensor singularProjection(const at::Tensor& g, std::int64_t rank, bool right)
{
    auto [u, s, vh] = at::linalg_svd(g.to(at::kFloat), false);
    return (right ? vh.narrow(0, 0, rank) : u.narrow(1, 0, rank)).to(g.scalar_type()).contiguous();
}

/// Adam's direction on `g` and its step size factor; moments in slots[at], slots[at + 1].
at::Tensor adamDirection(const at::Tensor& g, const at::Tensor& m, const at::Tensor& v)
{
    m.mul_(kBeta1).add_(g, 1 - kBeta1);
    v.mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
    return m / v.sqrt().add_(kEpsilon);
}

double adamFactor(std::int64_t step)
{
    const double t = static_cast<double>(step);
    return std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
}

std::vector<NamedTensor> adamSlots(const at::Tensor& like)
{
    return {{"exp_avg", at::zeros_like(like)}, {"exp_avg_sq", at::zeros_like(like)}};
}

at::Tensor lowRankZeros(const at::Tensor& value, ProjectionSide side, std::int64_t rank)
{
    const std::int64_t rows = side == ProjectionSide::Right ? value.size(0) : rank;
    const std::int64_t columns = side == ProjectionSide::Left ? value.size(1) : rank;
    return at::zeros({rows, columns}, value.options());
}

/// "projection" and, for the full type, "projection_right".
void addProjections(std::vector<NamedTensor>& slots, const at::Tensor& value, ProjectionSide side,
                    std::int64_t rank)
{
    const at::Tensor left = at::zeros({value.size(0), rank}, value.options());
    const at::Tensor right = at::zeros({rank, value.size(1)}, value.options());
    slots.push_back({"projection", side == ProjectionSide::Right ? right : left});
    if (side == ProjectionSide::Full) slots.push_back({"projection_right", right});
}

} // namespace

ProjectionSide projectionSide(const std::string& type, std::int64_t rows, std::int64_t columns)
{
    if (type == "full") return ProjectionSide::Full;
    if (type == "right") return ProjectionSide::Right;
    if (type == "left") return ProjectionSide::Left;
    const bool tall = rows >= columns;
    return tall == (type == "std") ? ProjectionSide::Right : ProjectionSide::Left;
}

void GaLore::update(const Update& u)
{
    const at::Tensor g = u.scaled();
    const bool projects = u.group == 1;
    const std::size_t moments = m_options.adafactor ? (u.value.dim() >= 2 ? 2 : 1) : 2;
    at::Tensor r = g;
    ProjectionSide side = ProjectionSide::Right;
    if (projects) {
        side = projectionSide(m_options.type, g.size(0), g.size(1));
        const std::int64_t rank = rankFor(m_options.rank, g);
        if ((u.step - 1) % m_options.gap == 0) {
            u.slots[moments].copy_(singularProjection(g, rank, side == ProjectionSide::Right));
            if (side == ProjectionSide::Full) u.slots[moments + 1].copy_(singularProjection(g, rank, true));
        }
        const at::Tensor& q = u.slots[moments];
        if (side == ProjectionSide::Right)
            r = at::mm(g, q.t());
        else
            r = at::mm(q.t(), g);
        if (side == ProjectionSide::Full) r = at::mm(r, u.slots[moments + 1].t());
    }
    at::Tensor step;
    double rate = u.rate;
    if (m_options.adafactor) {
        step = adafactorDirection(
            r, {u.slots.begin(), u.slots.begin() + static_cast<std::ptrdiff_t>(moments)}, u.step);
    } else {
        step = adamDirection(r, u.slots[0], u.slots[1]);
        rate *= adamFactor(u.step);
    }
    if (projects) {
        const at::Tensor& q = u.slots[moments];
        if (side == ProjectionSide::Full) step = at::mm(step, u.slots[moments + 1]);
        step = side == ProjectionSide::Right ? at::mm(step, q) : at::mm(q, step);
        rate *= m_options.scale;
    }
    u.value.add_(step, -rate);
}

std::vector<NamedTensor> GaLore::makeSlots(const NamedTensor& parameter, std::size_t group) const
{
    const at::Tensor value = parameter.value.detach();
    if (group != 1) return m_options.adafactor ? adafactorSlots(value) : adamSlots(value);
    const ProjectionSide side = projectionSide(m_options.type, value.size(0), value.size(1));
    const std::int64_t rank = rankFor(m_options.rank, value);
    const at::Tensor low = lowRankZeros(value, side, rank);
    std::vector<NamedTensor> slots = m_options.adafactor ? adafactorSlots(low) : adamSlots(low);
    addProjections(slots, value, side, rank);
    return slots;
}

at::Tensor Apollo::projected(const Update& u, const at::Tensor& g) const
{
    const bool right = projectionSide(m_options.type, g.size(0), g.size(1)) == ProjectionSide::Right;
    const std::int64_t rank = rankFor(m_options.rank, g);
    const at::Tensor& q = u.slots[2];
    const at::Tensor& seed = u.slots[3];
    if ((u.step - 1) % m_options.gap == 0) {
        if (m_options.randomProjection) {
            at::Generator generator =
                at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed.item<std::int64_t>()));
            // Drawn in float32 and on the CPU, so that every precision and device has the same projection.
            q.copy_(at::randn(q.sizes(), generator, at::TensorOptions().dtype(at::kFloat)) /
                    std::sqrt(static_cast<double>(rank)));
            at::Generator next =
                at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed.item<std::int64_t>()));
            seed.copy_(at::randint(0, std::numeric_limits<std::int64_t>::max(), {15}, next,
                                   at::TensorOptions().dtype(at::kLong))[14]);
        } else {
            q.copy_(singularProjection(g, rank, right));
        }
    }
    return right ? at::mm(g, q.t()) : at::mm(q.t(), g);
}

void Apollo::update(const Update& u)
{
    const at::Tensor g = u.scaled();
    const double rate = u.rate * adamFactor(u.step);
    if (u.group != 1) {
        u.value.add_(adamDirection(g, u.slots[0], u.slots[1]), -rate);
        return;
    }
    const at::Tensor r = projected(u, g);
    const at::Tensor n = adamDirection(r, u.slots[0], u.slots[1]);
    at::Tensor scaled;
    if (m_options.perChannel) {
        const std::int64_t dim = n.size(0) < n.size(1) ? 0 : 1; // the projected side
        auto factor = at::linalg_vector_norm(n, 2, at::IntArrayRef{dim}, true) /
                      (at::linalg_vector_norm(r, 2, at::IntArrayRef{dim}, true) + 1e-8);
        scaled = g * factor;
    } else {
        scaled = g * (at::linalg_vector_norm(n, 2) / (at::linalg_vector_norm(r, 2) + 1e-8));
    }
    const at::Tensor& previous = u.slots[4];
    double norm = at::linalg_vector_norm(scaled, 2).item<double>();
    if (u.step > 1) {
        const double limiter = std::max(norm / (previous.item<double>() + 1e-8), 1.01) / 1.01;
        scaled = scaled / limiter;
        norm /= limiter;
    }
    previous.fill_(norm);
    u.value.add_(scaled, -rate * std::sqrt(m_options.scale));
}

std::vector<NamedTensor> Apollo::makeSlots(const NamedTensor& parameter, std::size_t group) const
{
    const at::Tensor value = parameter.value.detach();
    if (group != 1) return adamSlots(value);
    const ProjectionSide side = projectionSide(m_options.type, value.size(0), value.size(1));
    const std::int64_t rank = rankFor(m_options.rank, value);
    std::vector<NamedTensor> slots = adamSlots(lowRankZeros(value, side, rank));
    addProjections(slots, value, side, rank);
    // Running number over the groups from 1, other weights first.
    std::int64_t number = static_cast<std::int64_t>(m_groups[0].parameters.size()) + 1;
    for (const NamedTensor& target : m_groups[1].parameters) {
        if (target.name == parameter.name) break;
        ++number;
    }
    slots.push_back({"seed", at::full({}, number, at::kLong)});
    slots.push_back({"scaled_norm", at::zeros({}, at::kDouble)});
    return slots;
}

} // namespace studio
