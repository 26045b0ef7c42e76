// Walks the specification (the law) and the struct's metadata side by side.

#include "core/arguments/argumentfields.h"
#include "core/arguments/setgroups.h"

#include "lawfile.h"

#include <QTest>

#include <set>

using namespace studio;

class TestArgumentLaw : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void names();
    void eachArgument_data();
    void eachArgument();
    void texts();
    void methods();
    void pages();
    void enumerations_data();
    void enumerations();
};

namespace {

const char* text(std::string_view view)
{
    static std::string keep;
    keep = view;
    return keep.c_str();
}

/// Key of the law's enumeration → our choices.
std::vector<std::pair<std::string, std::span<const Choice>>> enumerationTable()
{
    return {{"IntervalStrategy", choicesOf<IntervalStrategy>()},
            {"SaveStrategy", choicesOf<SaveStrategy>()},
            {"SchedulerType", choicesOf<SchedulerType>()},
            {"OptimizerNames", choicesOf<OptimizerName>()},
            {"HubStrategy", choicesOf<HubStrategy>()},
            {"DebugOption", debugChoices()},
            {"FSDPOption", fsdpChoices()},
            {"BatchSamplers", choicesOf<BatchSamplerKind>()},
            {"MultiDatasetBatchSamplers", choicesOf<MultiDatasetBatchSamplerKind>()},
            {"LogLevel", choicesOf<LogLevel>()},
            {"ReportTo", reportToChoices()},
            {"HalfPrecisionBackend", choicesOf<HalfPrecisionBackend>()},
            {"ApexOptLevel", choicesOf<ApexOptLevel>()},
            {"DdpBackend", choicesOf<DdpBackend>()},
            {"IncludeForMetrics", includeForMetricsChoices()},
            {"RayScope", rayScopeChoices()},
            {"TorchCompileBackend", compileBackendChoices()},
            {"TorchCompileMode", compileModeChoices()},
            {"TorchDynamoBackend", dynamoBackendChoices()}};
}

std::vector<std::string> strings(const std::vector<std::string_view>& views)
{
    return {views.begin(), views.end()};
}

/// A bound of the law, nothing when it is absent.
std::optional<double> bound(const Json& range, const char* key)
{
    return range.contains(key) ? std::optional<double>(range[key].get<double>()) : std::nullopt;
}

void compareRange(const Range& ours, const Json& law)
{
    QCOMPARE(ours.min, bound(law, "min"));
    QCOMPARE(ours.max, bound(law, "max"));
    QCOMPARE(ours.minExclusive, law.value("min_exclusive", false));
    QCOMPARE(ours.maxExclusive, law.value("max_exclusive", false));
    QCOMPARE(ours.whole, law.value("integer", false));
    QCOMPARE(ours.exclude.has_value(), law.contains("exclude"));
    if (ours.exclude) {
        QCOMPARE(law["exclude"].size(), std::size_t(1));
        QCOMPARE(*ours.exclude, law["exclude"][0].get<double>());
    }
}

} // namespace

void TestArgumentLaw::names()
{
    std::vector<std::string> lawNames;
    for (const Json& entry : test::law()["arguments"]) {
        lawNames.push_back(entry["name"].get<std::string>());
    }
    std::vector<std::string> ours;
    for (const Field& field : argumentFields()) {
        ours.push_back(std::string(field.key));
    }
    QCOMPARE(ours.size(), std::size_t(134));
    QVERIFY(ours == lawNames); // the order of the struct's members is the order of the constructor
    QVERIFY(findField("no_such_argument") == nullptr);
}

void TestArgumentLaw::eachArgument_data()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < test::law()["arguments"].size(); ++i) {
        QTest::newRow(test::law()["arguments"][i]["name"].get<std::string>().c_str()) << static_cast<int>(i);
    }
}

void TestArgumentLaw::eachArgument()
{
    QFETCH(int, index);
    const Json& law = test::law()["arguments"][static_cast<std::size_t>(index)];
    const Field* field = findField(law["name"].get<std::string>());
    QVERIFY(field);
    QCOMPARE(text(toText(field->type)), law["type"].get<std::string>().c_str());
    QCOMPARE(field->nullable, law["nullable"].get<bool>());
    QCOMPARE(text(field->group), law["group"].get<std::string>().c_str());
    QCOMPARE(text(toText(field->scope)), law["scope"].get<std::string>().c_str());
    QCOMPARE(field->deprecated, law["deprecated"].get<bool>());
    QVERIFY(strings(field->replacedBy) == law["replaced_by"].get<std::vector<std::string>>());
    QVERIFY(strings(field->aliases) == law["aliases"].get<std::vector<std::string>>());
    QCOMPARE(text(field->unit), law["unit"].is_null() ? "" : law["unit"].get<std::string>().c_str());

    const Json ours = field->defaultValue();
    QCOMPARE(ours.dump().c_str(), law["default"].dump().c_str());
    QCOMPARE(ours.is_number_float(), law["default"].is_number_float()); // 3.0 is not 3
    QVERIFY(field->isDefault(TrainingArguments()));

    // The default can be set, and null exactly where the law allows it.
    TrainingArguments arguments;
    QVERIFY(field->set(arguments, ours).ok());
    const bool resetsByNull = law["name"] == "router_mapping" || law["name"] == "learning_rate_mapping";
    QCOMPARE(field->set(arguments, Json()).ok(), field->nullable || resetsByNull);

    if (law["choices"].is_null()) {
        QVERIFY(field->choices.empty());
    } else {
        const std::string name = law["choices"].get<std::string>();
        bool found = false;
        for (const auto& [key, choices] : enumerationTable()) {
            if (key == name) {
                found = true;
                QVERIFY(field->choices.data() == choices.data());
            }
        }
        QVERIFY(found);
    }

    const Json& range = law["range"];
    if (range.is_null()) {
        QVERIFY(field->ranges.empty());
    } else if (range.contains("alternatives")) {
        QCOMPARE(field->ranges.size(), range["alternatives"].size());
        for (std::size_t i = 0; i < field->ranges.size(); ++i) {
            compareRange(field->ranges[i], range["alternatives"][i]);
        }
    } else {
        QCOMPARE(field->ranges.size(), std::size_t(1));
        compareRange(field->ranges[0], range.contains("values") ? range["values"] : range);
    }

    std::vector<std::string> setters;
    for (const Json& entry : law["set_by"]) {
        if (entry.contains("parameter")) {
            setters.push_back(entry["method"].get<std::string>());
        }
    }
    QVERIFY(strings(settersOf(field->key)) == setters);
}

void TestArgumentLaw::texts()
{
    std::set<std::string> labels;
    for (const Field& field : argumentFields()) {
        QVERIFY2(!field.label.empty(), text(field.key));
        QVERIFY2(labels.insert(std::string(field.label)).second, text(field.label));
        QVERIFY2(field.help.size() > 40, text(field.key));
        QVERIFY2(field.help.ends_with('.'), text(field.key));
        // The words are ours, not the specification's.
        for (const Json& entry : test::law()["arguments"]) {
            QVERIFY2(entry["help"].get<std::string>() != field.help, text(field.key));
        }
        if (field.nullable && field.defaultValue().is_null()) {
            QVERIFY2(!field.nullText.empty(), text(field.key));
        }
        for (const Choice& choice : field.choices) {
            QVERIFY2(choice.help.ends_with('.'), text(choice.value));
        }
        for (const Range& range : field.ranges) {
            QVERIFY2(!range.text().empty(), text(field.key));
        }
    }
}

void TestArgumentLaw::methods()
{
    std::size_t i = 0;
    for (const Json& law : test::law()["methods"]) {
        const std::string name = law["name"].get<std::string>();
        if (!name.starts_with("set_")) {
            continue;
        }
        QVERIFY(i < setMethods().size());
        const SetMethod& method = setMethods()[i++];
        QCOMPARE(text(method.name), name.c_str());
        QCOMPARE(method.parameters.size(), law["parameters"].size());
        for (std::size_t k = 0; k < method.parameters.size(); ++k) {
            const SetParameter& parameter = method.parameters[k];
            const Json& entry = law["parameters"][k];
            QCOMPARE(text(parameter.name), entry["name"].get<std::string>().c_str());
            QCOMPARE(text(parameter.key), entry["sets"].get<std::string>().c_str());
            QCOMPARE(parameter.nullable, entry.value("nullable", false));
            QCOMPARE(parameter.defaultJson.empty(), entry.value("required", false));
            if (!parameter.defaultJson.empty()) {
                const Json value = Json::parse(parameter.defaultJson);
                QCOMPARE(value.dump().c_str(), entry["default"].dump().c_str());
                QCOMPARE(value.is_number_float(), entry["default"].is_number_float());
            }
        }
        const std::string side =
            law["side_effects"].empty() ? "" : law["side_effects"][0]["field"].get<std::string>();
        QCOMPARE(text(method.switches), side.c_str());
    }
    QCOMPARE(i, std::size_t(9));
    QCOMPARE(setMethods().size(), std::size_t(9));
}

void TestArgumentLaw::pages()
{
    std::set<std::string_view> seen;
    for (const ArgumentPage& page : argumentPages()) {
        QVERIFY(!page.label.empty() && !page.help.empty());
        for (const std::string_view key : page.keys) {
            QVERIFY2(findField(key), text(key));
            seen.insert(key);
        }
    }
    for (const Field& field : argumentFields()) {
        QVERIFY2(seen.count(field.key), text(field.key));
    }
    // A new argument needs no list: its metadata say where it stands.
    Field added;
    added.group = findField("lr_scheduler_kwargs")->group;
    QCOMPARE(text(pageFor(added)), "schedule_details");
    added.group = findField("prompts")->group;
    QCOMPARE(text(pageFor(added)), "sentence_transformers");
    added.scope = Scope::Distributed;
    QCOMPARE(text(pageFor(added)), "distributed");
    added.deprecated = true;
    QCOMPARE(text(pageFor(added)), "old");
}

void TestArgumentLaw::enumerations_data()
{
    QTest::addColumn<int>("index");
    const auto table = enumerationTable();
    for (std::size_t i = 0; i < table.size(); ++i) {
        QTest::newRow(table[i].first.c_str()) << static_cast<int>(i);
    }
    // ParallelMode belongs to a property, all others to arguments.
    QCOMPARE(table.size() + 1, test::law()["enums"].size());
}

void TestArgumentLaw::enumerations()
{
    QFETCH(int, index);
    const auto table = enumerationTable();
    const auto& [name, choices] = table[static_cast<std::size_t>(index)];
    const Json& values = test::law()["enums"][name]["values"];
    QCOMPARE(choices.size(), values.size());
    for (std::size_t i = 0; i < choices.size(); ++i) {
        QCOMPARE(text(choices[i].value), values[i]["value"].get<std::string>().c_str());
    }
}

QTEST_APPLESS_MAIN(TestArgumentLaw)
#include "tst_argument_law.moc"
