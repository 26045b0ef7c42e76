#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines hubFields()
{
    return {
        field(&TrainingArguments::pushToHub, "push_to_hub")
            .label("Upload to the hub")
            .scope(Scope::Hub)
            .group("push_to_hub")
            .help("Upload the model while training, as hub_strategy says. Off by default. The "
                  "repository is public unless hub_private_repo is on."),
        field(&TrainingArguments::hubModelId, "hub_model_id")
            .label("Hub repository")
            .scope(Scope::Hub)
            .aliases({"push_to_hub_model_id", "push_to_hub_organization"})
            .unset("output folder's name")
            .group("push_to_hub")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.pushToHub ? "push_to_hub is off." : "";
            })
            .help("Name of the repository, owner/name or just name. Unset uses the output folder's "
                  "name."),
        field(&TrainingArguments::hubStrategy, "hub_strategy")
            .label("Upload")
            .scope(Scope::Hub)
            .group("push_to_hub")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.pushToHub ? "push_to_hub is off." : "";
            })
            .help("What is uploaded and when. By default the model after every save."),
        field(&TrainingArguments::hubToken, "hub_token")
            .label("Hub token")
            .secret()
            .scope(Scope::Hub)
            .aliases({"push_to_hub_token"})
            .unset("stored login")
            .group("push_to_hub")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.pushToHub ? "push_to_hub is off." : "";
            })
            .help("Access token for uploads. Kept in the system's key store, never in a file, a log or "
                  "a preset. Unset uses the token of the hub's login command."),
        field(&TrainingArguments::hubPrivateRepo, "hub_private_repo")
            .label("Private repository")
            .scope(Scope::Hub)
            .unset("owner's setting")
            .group("push_to_hub")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.pushToHub ? "push_to_hub is off." : "";
            })
            .help("Create the repository as private. Unset follows the owner's setting, which is "
                  "usually public. An existing repository is not changed."),
        field(&TrainingArguments::hubAlwaysPush, "hub_always_push")
            .label("Always upload")
            .scope(Scope::Hub)
            .group("push_to_hub")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.pushToHub ? "push_to_hub is off." : "";
            })
            .help("Start an upload even while the last one is still running. Off by default: it is "
                  "skipped then."),
    };
}

} // namespace studio
