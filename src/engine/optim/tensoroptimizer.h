#pragma once

#include "engine/optim/optimizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// A quantised copy of one state tensor: a byte per value and a scale per block.
struct QuantisedSlot
{
    at::Tensor codes;  ///< uint8, flat
    at::Tensor scales; ///< float32, one per block of kQuantBlock values
    bool isSigned = true;
    std::vector<std::int64_t> shape;
};

/// Base of the optimizers that walk their weights one by one: keeps the step count and the state tensors
/// ("slots") of each weight, skips weights without gradient, saves and loads. With eightBit, slots of large
/// weights are kept block-quantised between steps (see quantise.h).
class TensorOptimizer : public Optimizer
{
public:
    void step(const std::vector<double>& learningRates, double gradientScale) override;
    std::vector<NamedTensor> state() override;
    Status load(const std::vector<NamedTensor>& state) override;

    /// Called by the factory before the first step.
    void keepEightBitState() { m_eightBit = true; }

protected:
    explicit TensorOptimizer(std::vector<ParamGroup> groups);

    /// One weight's update. `gradient` is the weight's own gradient tensor, to be read as multiplied by
    /// gradientScale, and not to be written.
    struct Update
    {
        at::Tensor value; ///< detached, written in place
        at::Tensor gradient;
        double gradientScale = 1;
        std::vector<at::Tensor> slots; ///< as makeSlots() made them, written in place
        std::int64_t step = 0;         ///< from 1
        double rate = 0;
        double decay = 0;
        std::size_t group = 0;
        std::size_t index = 0; ///< in its group

        at::Tensor scaled() const { return gradientScale == 1.0 ? gradient : gradient * gradientScale; }
    };

    virtual void update(const Update& u) = 0;

    /// After the last update() of a step, for optimizers that gather updates and make them together.
    virtual void finishUpdates() {}

    /// The state tensors of a weight at the start, with their names ("exp_avg"). Slots named in
    /// unsignedSlots() hold no negative values.
    virtual std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const = 0;

    /// State that belongs to no single weight, with full names; tensors that the optimizer writes in place.
    virtual std::vector<NamedTensor> sharedState() { return {}; }

    /// Called once per step() before the first update.
    virtual void beginStep(const std::vector<double>& learningRates) { (void)learningRates; }

    /// Called at the end of a load() that worked.
    virtual void loaded() {}

    /// Slots of a weight for mode switches; null before its first step.
    const std::vector<at::Tensor>* slotsOf(std::size_t group, std::size_t index) const;

private:
    struct State
    {
        std::int64_t step = 0;
        std::vector<std::string> names;
        std::vector<at::Tensor> slots;        ///< undefined where quantised
        std::vector<QuantisedSlot> quantised; ///< of each slot; codes undefined where not
    };

    State freshState(const NamedTensor& parameter, std::size_t group) const;
    bool isQuantised(const NamedTensor& parameter, const NamedTensor& slot) const;

    std::vector<std::vector<State>> m_states; ///< [group][index]
    bool m_eightBit = false;
};

} // namespace studio
