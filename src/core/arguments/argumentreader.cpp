#include "core/arguments/argumentreader.h"

#include "core/arguments/argumentfields.h"

#include <algorithm>

namespace studio {
namespace {

/// A name of another generation whose value moves to an argument of this one.
struct Renamed
{
    std::string_view from;
    std::string_view to;
    std::string_view since;
};

constexpr Renamed kRenamed[] = {
    {"evaluation_strategy", "eval_strategy", "transformers 4.41"},
    {"xpu_backend", "ddp_backend", "transformers 4.38"},
    {"activation_checkpointing", "gradient_checkpointing", "an older name; transformers 5 has both"},
    {"activation_checkpointing_kwargs", "gradient_checkpointing_kwargs",
     "an older name; transformers 5 has both"},
};

/// A name of another generation without a counterpart here, and its default there.
struct Foreign
{
    std::string_view name;
    std::string_view defaultJson;
    std::string_view remark;
};

constexpr Foreign kForeign[] = {
    {"liger_kernel_config", "null", "transformers 4.53 and newer"},
    {"hub_revision", "null", "transformers 4.53 and newer"},
    {"parallelism_config", "null", "transformers 4.56 and newer"},
    {"use_cache", "false", "transformers 5"},
    {"project", "\"huggingface\"", "a setting of the tracker trackio"},
    {"trackio_space_id", "\"trackio\"", "a setting of the tracker trackio"},
    {"trackio_bucket_id", "null", "a setting of the tracker trackio"},
    {"trackio_static_space_id", "null", "a setting of the tracker trackio"},
    {"enable_jit_checkpoint", "false", "transformers 5"},
    {"dataloader_multiprocessing_context", "null", "transformers 5"},
    {"dataloader_in_order", "true", "transformers 5"},
    {"ddp_static_graph", "null", "transformers 5"},
    {"sharded_ddp", "\"\"", "removed in transformers 4.36, replaced by fsdp"},
};

class Reader
{
public:
    Reader(const ReadOptions& options) : m_options(options) { m_read.unknown = Json::object(); }

    ArgumentsRead read(const Json& object)
    {
        // Old names first, so that a value under the name of today wins.
        for (const bool old : {true, false}) {
            for (auto it = object.begin(); it != object.end(); ++it) {
                if ((findField(it.key()) == nullptr) == old) {
                    old ? takeOther(it.key(), *it) : take(it.key(), *it);
                }
            }
        }
        if (!m_atForeignDefault.empty()) {
            report(Severity::Normalise, "argument_removed", m_atForeignDefault,
                   "These names belong to another release of the library and hold their defaults there; they "
                   "are kept "
                   "in the file and have no effect.");
        }
        return std::move(m_read);
    }

private:
    void report(Severity severity, std::string code, std::vector<std::string> keys, std::string message)
    {
        m_read.issues.push_back(
            {severity, std::move(code), std::move(keys), std::move(message), std::nullopt});
    }

    void take(const std::string& key, const Json& given)
    {
        const Field& field = *findField(key);
        if (field.type == FieldType::Secret) {
            if (given.is_string() && given.get_ref<const std::string&>().starts_with('<')) {
                return; // <HUB_TOKEN>: what the original writes instead of a token
            }
            if (!m_options.secretsAllowed && !given.is_null()) {
                report(Severity::Warning, "secret_in_file", {key},
                       key + " stands in the file. Tokens are not taken from files; remove it there and "
                             "enter it in the "
                             "form, which keeps it in the system's key store.");
                return;
            }
        }
        const Json value = adapted(key, given);
        if (const Status status = field.set(m_read.arguments, value); !status) {
            m_read.unknown[key] = given;
            report(Severity::Error,
                   field.type == FieldType::Enum && value.is_string() ? "enum_values" : "argument_type",
                   {key}, status.error().message);
        }
    }

    /// Forms of a value that other generations write and this one does not know.
    Json adapted(const std::string& key, const Json& given)
    {
        const auto becomes = [&](Json value) {
            report(Severity::Normalise, "argument_renamed", {key},
                   key + ": " + pythonJson(given, -1) + " of another release of the library becomes " +
                       pythonJson(value, -1) + ".");
            return value;
        };
        if (key == "optim" && given == "adamw_hf") {
            return becomes("adamw_torch");
        }
        if (key == "fsdp" && given.is_boolean()) {
            Json list = Json::array();
            if (given.get<bool>()) {
                list.push_back("full_shard");
            }
            report(Severity::Normalise, "fsdp_parsed", {key}, "fsdp becomes " + pythonJson(list, -1) + ".");
            return list;
        }
        if (key == "include_num_input_tokens_seen" && given.is_string()) {
            return given == "no"                              ? Json(false)
                   : given == "all" || given == "non_padding" ? becomes(true)
                                                              : given;
        }
        if (key == "gradient_checkpointing" && given.is_null()) {
            return false;
        }
        return given;
    }

    void takeOther(const std::string& key, const Json& given)
    {
        for (const Renamed& entry : kRenamed) {
            if (entry.from == key) {
                if (given.is_null()) {
                    return;
                }
                report(Severity::Warning, "argument_renamed", {std::string(entry.to)},
                       key + " is called " + std::string(entry.to) + " (" + std::string(entry.since) +
                           "); its value is taken under that name.");
                take(std::string(entry.to), given);
                return;
            }
        }
        if (key == "dispatch_batches" || key == "split_batches") {
            Json& config = m_read.arguments.acceleratorConfig;
            if (config.is_null()) {
                config = Json::object();
            }
            if (config.is_object() && !given.is_null()) {
                config[key] = given;
            }
            report(Severity::Warning, "argument_renamed", {"accelerator_config"},
                   key + " moved to accelerator_config." + key + "; its value is taken there.");
            return;
        }
        if (key == "train_sampling_strategy" && (given == "random" || given == "group_by_length")) {
            m_read.arguments.groupByLength = given == "group_by_length";
            if (given != "random") {
                report(Severity::Warning, "argument_renamed", {"group_by_length"},
                       "train_sampling_strategy \"group_by_length\" is taken as group_by_length.");
            }
            return;
        }
        m_read.unknown[key] = given;
        for (const Foreign& entry : kForeign) {
            if (entry.name == key) {
                if (given.is_null() || given == Json::parse(entry.defaultJson)) {
                    m_atForeignDefault.push_back(key);
                } else {
                    report(Severity::Warning, "argument_removed", {key},
                           key + " (" + std::string(entry.remark) +
                               ") has no counterpart here. It is kept in the file and has no effect.");
                }
                return;
            }
        }
        report(m_options.unknownIsError ? Severity::Error : Severity::Warning, "argument_unknown", {key},
               m_options.unknownIsError
                   ? "There is no argument " + key + ". Check the spelling."
                   : "There is no argument " + key +
                         ". It is kept in the file and has no effect; check the spelling.");
    }

    ReadOptions m_options;
    ArgumentsRead m_read;
    std::vector<std::string> m_atForeignDefault;
};

} // namespace

ArgumentsRead readArguments(const Json& object, const ReadOptions& options)
{
    if (!object.is_object()) {
        ArgumentsRead read;
        read.unknown = Json::object();
        read.issues.push_back({Severity::Error,
                               "argument_type",
                               {},
                               "Arguments must be an object with their names as keys.",
                               std::nullopt});
        return read;
    }
    return Reader(options).read(object);
}

} // namespace studio
