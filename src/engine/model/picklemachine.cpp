#include "engine/model/picklemachine.h"

#include <array>
#include <optional>

namespace studio {

namespace {

constexpr std::size_t kMaxValues = 4'000'000;
constexpr std::size_t kMaxMemo = 2'000'000;

struct StorageRow
{
    const char* name;
    TensorType type;
};

constexpr std::array<StorageRow, 10> kStorages{{
    {"torch FloatStorage", TensorType::F32},
    {"torch HalfStorage", TensorType::F16},
    {"torch BFloat16Storage", TensorType::BF16},
    {"torch DoubleStorage", TensorType::F64},
    {"torch LongStorage", TensorType::I64},
    {"torch IntStorage", TensorType::I32},
    {"torch ShortStorage", TensorType::I16},
    {"torch CharStorage", TensorType::I8},
    {"torch ByteStorage", TensorType::U8},
    {"torch BoolStorage", TensorType::Bool},
}};

constexpr std::array kCalls{"collections OrderedDict", "torch._utils _rebuild_tensor_v2",
                            "torch._utils _rebuild_parameter", "torch Size"};

std::optional<TensorType> storageType(const std::string& name)
{
    for (const auto& row : kStorages)
        if (name == row.name) return row.type;
    return std::nullopt;
}

} // namespace

Result<const PickleValue*> PickleMachine::run()
{
    while (step()) {
    }
    if (m_problem.empty() && m_result) return m_result;
    return Error{ErrorCode::Malformed,
                 "Cannot read " + m_label + ": " +
                     (m_problem.empty() ? std::string("its pickle ends early") : m_problem) +
                     ". Only plain state dicts are read; nothing in such a file is ever run.",
                 m_label + ", pickle offset " + std::to_string(m_at)};
}

bool PickleMachine::fail(const std::string& why)
{
    if (m_problem.empty()) m_problem = why;
    return false;
}

PickleValue* PickleMachine::make(Kind kind)
{
    if (m_arena.size() >= kMaxValues) {
        fail("it holds too many values");
        return nullptr;
    }
    m_arena.emplace_back().kind = kind;
    return &m_arena.back();
}

bool PickleMachine::push(Value* value)
{
    if (!value) return false;
    if (m_stack.size() >= kMaxValues) return fail("it holds too many values");
    m_stack.push_back(value);
    return true;
}

PickleValue* PickleMachine::pop()
{
    if (m_stack.empty() || m_stack.back()->kind == Kind::Mark) {
        fail("its pickle takes a value that is not there");
        return nullptr;
    }
    auto* value = m_stack.back();
    m_stack.pop_back();
    return value;
}

std::uint64_t PickleMachine::number(int bytes)
{
    if (m_code.size() - m_at < static_cast<std::size_t>(bytes)) {
        fail("its pickle is cut off");
        return 0;
    }
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value |= static_cast<std::uint64_t>(m_code[m_at++]) << (8 * i);
    return value;
}

std::string PickleMachine::text(std::uint64_t size)
{
    if (size > m_code.size() - m_at) {
        fail("its pickle is cut off");
        return {};
    }
    std::string result(reinterpret_cast<const char*>(m_code.data()) + m_at, static_cast<std::size_t>(size));
    m_at += static_cast<std::size_t>(size);
    return result;
}

std::string PickleMachine::line()
{
    std::string result;
    while (m_at < m_code.size() && m_code[m_at] != std::byte{'\n'} && result.size() < 256)
        result += static_cast<char>(m_code[m_at++]);
    if (m_at >= m_code.size() || m_code[m_at] != std::byte{'\n'})
        fail("its pickle is cut off");
    else
        ++m_at;
    return result;
}

bool PickleMachine::remember(std::uint64_t slot)
{
    if (!m_problem.empty()) return false;
    if (m_stack.empty() || slot >= kMaxMemo) return fail("its pickle keeps a value that is not there");
    if (m_memo.size() <= slot) m_memo.resize(static_cast<std::size_t>(slot) + 1);
    m_memo[static_cast<std::size_t>(slot)] = m_stack.back();
    return true;
}

bool PickleMachine::recall(std::uint64_t slot)
{
    if (!m_problem.empty()) return false;
    if (slot >= m_memo.size() || !m_memo[static_cast<std::size_t>(slot)])
        return fail("its pickle takes a value that is not there");
    return push(m_memo[static_cast<std::size_t>(slot)]);
}

bool PickleMachine::sinceMark(std::vector<Value*>& values)
{
    std::size_t begin = m_stack.size();
    while (begin > 0 && m_stack[begin - 1]->kind != Kind::Mark)
        --begin;
    if (begin == 0) return fail("its pickle lacks a mark");
    values.assign(m_stack.begin() + static_cast<std::ptrdiff_t>(begin), m_stack.end());
    m_stack.resize(begin - 1);
    return true;
}

bool PickleMachine::collect(Kind kind, std::size_t count)
{
    auto* value = make(kind);
    if (!value) return false;
    value->items.resize(count);
    for (std::size_t i = count; i-- > 0;) {
        value->items[i] = pop();
        if (!value->items[i]) return false;
    }
    return push(value);
}

bool PickleMachine::setItems(const std::vector<Value*>& values)
{
    if (values.size() % 2 != 0 || m_stack.empty() || m_stack.back()->kind != Kind::Dict)
        return fail("its pickle sets items of something that is no dict");
    for (std::size_t i = 0; i + 1 < values.size(); i += 2)
        m_stack.back()->members.emplace_back(values[i], values[i + 1]);
    return true;
}

bool PickleMachine::global()
{
    auto* value = make(Kind::Global);
    if (!value) return false;
    value->text = line() + " ";
    value->text += line();
    if (!m_problem.empty()) return false;
    bool known = storageType(value->text).has_value();
    for (const char* name : kCalls)
        known = known || value->text == name;
    return known ? push(value)
                 : fail("it mentions \"" + value->text.substr(0, 100) + "\", which is not allowed");
}

bool PickleMachine::persistentId()
{
    const auto* id = pop();
    if (!id) return false;
    if (id->kind != Kind::Tuple || id->items.size() != 5 || id->items[0]->kind != Kind::Text ||
        id->items[0]->text != "storage" || id->items[1]->kind != Kind::Global ||
        id->items[2]->kind != Kind::Text || id->items[4]->kind != Kind::Int)
        return fail("it has a reference that is no storage");
    const auto type = storageType(id->items[1]->text);
    if (!type || id->items[4]->number < 0) return fail("it has a storage of an unknown type");
    auto* storage = make(Kind::Storage);
    if (!storage) return false;
    storage->type = *type;
    storage->text = id->items[2]->text;
    storage->number = id->items[4]->number;
    return push(storage);
}

bool PickleMachine::rebuildTensor(const Value& arguments)
{
    const auto& items = arguments.items;
    if (items.size() < 6 || items[0]->kind != Kind::Storage || items[1]->kind != Kind::Int ||
        items[1]->number < 0 || items[2]->kind != Kind::Tuple || items[3]->kind != Kind::Tuple ||
        items[2]->items.size() != items[3]->items.size() || items[2]->items.size() > 32)
        return fail("it rebuilds a tensor from unexpected values");
    auto* tensor = make(Kind::Tensor);
    if (!tensor) return false;
    tensor->type = items[0]->type;
    tensor->text = items[0]->text;
    tensor->storageSize = items[0]->number;
    tensor->number = items[1]->number;
    std::uint64_t last = static_cast<std::uint64_t>(tensor->number); // the last element it touches
    std::uint64_t count = 1;
    for (std::size_t d = 0; d < items[2]->items.size(); ++d) {
        const auto &size = *items[2]->items[d], &stride = *items[3]->items[d];
        if (size.kind != Kind::Int || stride.kind != Kind::Int || size.number < 0 || stride.number < 0)
            return fail("a tensor has an impossible shape");
        tensor->shape.push_back(size.number);
        tensor->strides.push_back(stride.number);
        std::uint64_t reach = 0;
        if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size.number), &count) ||
            __builtin_mul_overflow(static_cast<std::uint64_t>(size.number > 0 ? size.number - 1 : 0),
                                   static_cast<std::uint64_t>(stride.number), &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return fail("a tensor has an impossible shape");
    }
    const auto available = static_cast<std::uint64_t>(tensor->storageSize);
    if (count > available || (count > 0 && last >= available))
        return fail("a tensor is larger than its storage");
    return push(tensor);
}

bool PickleMachine::reduce()
{
    const auto* arguments = pop();
    const auto* callee = arguments ? pop() : nullptr;
    if (!callee) return false;
    if (callee->kind != Kind::Global || arguments->kind != Kind::Tuple)
        return fail("it calls something that is no function");
    if (callee->text == "torch._utils _rebuild_tensor_v2") return rebuildTensor(*arguments);
    if (callee->text == "collections OrderedDict" && arguments->items.empty()) return push(make(Kind::Dict));
    if (callee->text == "torch._utils _rebuild_parameter" && !arguments->items.empty() &&
        arguments->items[0]->kind == Kind::Tensor)
        return push(const_cast<Value*>(arguments->items[0]));
    if (callee->text == "torch Size" && arguments->items.size() == 1 &&
        arguments->items[0]->kind == Kind::Tuple)
        return push(const_cast<Value*>(arguments->items[0]));
    return fail("it calls \"" + callee->text.substr(0, 100) + "\" with unexpected values");
}

bool PickleMachine::opcodeWithText(std::uint8_t opcode)
{
    auto* value = make(Kind::Text);
    if (!value) return false;
    value->text = text(number(opcode == 'X' ? 4 : 1));
    return m_problem.empty() && push(value);
}

bool PickleMachine::step()
{
    if (m_at >= m_code.size()) return fail("its pickle ends early");
    const auto opcode = static_cast<std::uint8_t>(m_code[m_at++]);
    const auto pushNumber = [&](Kind kind, std::int64_t n) {
        auto* value = make(kind);
        if (!value || !m_problem.empty()) return false;
        value->number = n;
        return push(value);
    };
    std::vector<Value*> values;
    switch (opcode) {
    case 0x80: { // PROTO
        const auto protocol = number(1);
        return m_problem.empty() &&
               (protocol == 2 || protocol == 3 || fail("its pickle protocol is not 2 or 3"));
    }
    case 'c':
        return global();
    case 'q':
        return remember(number(1));
    case 'r':
        return remember(number(4));
    case 'h':
        return recall(number(1));
    case 'j':
        return recall(number(4));
    case '(':
        return push(make(Kind::Mark));
    case ')':
        return push(make(Kind::Tuple));
    case '}':
        return push(make(Kind::Dict));
    case ']':
        return push(make(Kind::List));
    case 'N':
        return push(make(Kind::None));
    case 0x88:
        return pushNumber(Kind::Bool, 1);
    case 0x89:
        return pushNumber(Kind::Bool, 0);
    case 'J':
        return pushNumber(Kind::Int, static_cast<std::int32_t>(number(4)));
    case 'K':
        return pushNumber(Kind::Int, static_cast<std::int64_t>(number(1)));
    case 'M':
        return pushNumber(Kind::Int, static_cast<std::int64_t>(number(2)));
    case 'G':
        number(8);
        return pushNumber(Kind::Float, 0);
    case 0x8a: { // LONG1: little-endian two's complement
        const auto size = number(1);
        if (size > 8) return fail("it holds a number of more than 64 bits");
        auto n = static_cast<std::int64_t>(number(static_cast<int>(size)));
        if (size > 0 && size < 8 && (n >> (8 * size - 1) & 1)) n -= std::int64_t{1} << (8 * size);
        return pushNumber(Kind::Int, n);
    }
    case 'X':
    case 'U':
        return opcodeWithText(opcode);
    case 't': {
        if (!sinceMark(values)) return false;
        auto* tuple = make(Kind::Tuple);
        if (!tuple) return false;
        tuple->items.assign(values.begin(), values.end());
        return push(tuple);
    }
    case 0x85:
        return collect(Kind::Tuple, 1);
    case 0x86:
        return collect(Kind::Tuple, 2);
    case 0x87:
        return collect(Kind::Tuple, 3);
    case 'a':
    case 'e': {
        if (opcode == 'e') {
            if (!sinceMark(values)) return false;
        } else {
            values.push_back(pop());
            if (!values.back()) return false;
        }
        if (m_stack.empty() || m_stack.back()->kind != Kind::List)
            return fail("it appends to something that is no list");
        m_stack.back()->items.insert(m_stack.back()->items.end(), values.begin(), values.end());
        return true;
    }
    case 's': {
        auto* value = pop();
        auto* key = value ? pop() : nullptr;
        return key && setItems({key, value});
    }
    case 'u':
        return sinceMark(values) && setItems(values);
    case 'Q':
        return persistentId();
    case 'R':
        return reduce();
    case 'b': { // BUILD: the attributes of an OrderedDict (_metadata), of no use here
        if (!pop()) return false;
        return (!m_stack.empty() && m_stack.back()->kind == Kind::Dict) ||
               fail("it sets attributes of something that is no dict");
    }
    case '.':
        m_result = pop();
        return false;
    default:
        return fail("it uses the pickle opcode " + std::to_string(opcode) + ", which is not allowed");
    }
}

} // namespace studio
