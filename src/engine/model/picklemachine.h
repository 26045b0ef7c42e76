#pragma once

#include "core/result.h"
#include "engine/model/tensorfile.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// A value that the pickle machine holds. Values live in the machine's arena and point at each other.
struct PickleValue
{
    enum class Kind { Mark, None, Bool, Int, Float, Text, Tuple, List, Dict, Global, Storage, Tensor };

    Kind kind = Kind::None;
    std::int64_t number = 0; ///< Bool, Int; Storage: elements; Tensor: first element in the storage
    std::string text;        ///< Text; Global: "module name"; Storage and Tensor: key of the storage
    TensorType type = TensorType::F32;        ///< Storage, Tensor
    std::int64_t storageSize = 0;             ///< Tensor: elements of its storage
    std::vector<std::int64_t> shape, strides; ///< Tensor
    std::vector<const PickleValue*> items;    ///< Tuple, List
    std::vector<std::pair<const PickleValue*, const PickleValue*>> members; ///< Dict
};

/// Runs the opcodes of a state dict's pickle; see PickleWeights for what is allowed.
class PickleMachine
{
public:
    PickleMachine(std::span<const std::byte> code, std::string label)
        : m_code(code), m_label(std::move(label))
    {}

    /// The value that STOP leaves; it lives as long as the machine.
    Result<const PickleValue*> run();

private:
    using Value = PickleValue;
    using Kind = PickleValue::Kind;

    bool step(); ///< false: stopped, by STOP or by a problem
    bool fail(const std::string& why);
    bool opcodeWithText(std::uint8_t opcode);
    bool global();
    bool reduce();
    bool rebuildTensor(const Value& arguments);
    bool persistentId();
    bool collect(Kind kind, std::size_t count);
    bool sinceMark(std::vector<Value*>& values);
    bool setItems(const std::vector<Value*>& values);
    bool remember(std::uint64_t slot);
    bool recall(std::uint64_t slot);

    Value* make(Kind kind);
    bool push(Value* value);
    Value* pop();
    std::uint64_t number(int bytes);
    std::string text(std::uint64_t size);
    std::string line();

    std::span<const std::byte> m_code;
    std::string m_label;
    std::size_t m_at = 0;
    std::deque<Value> m_arena;
    std::vector<Value*> m_stack;
    std::vector<Value*> m_memo;
    const Value* m_result = nullptr;
    std::string m_problem;
};

} // namespace studio
