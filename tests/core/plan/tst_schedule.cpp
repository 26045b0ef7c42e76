#include "core/plan/schedule.h"

#include "core/plan/schedulesettings.h"

#include "support/testfiles.h"

#include <QTest>

#include <cmath>

using namespace studio;

class TestSchedule : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lawVectors_data();
    void lawVectors();
    void libraryVectors_data();
    void libraryVectors();
    void warmupOfRatio();
    void edges();
    void settingsOfTheLaw_data();
    void settingsOfTheLaw();
    void badSettings_data();
    void badSettings();
    void plateauLawVector();
    void plateauModes();
    void plateauRestores();
};

namespace {

const Json& law()
{
    static const Json spec = Json::parse(test::readFile(test::fixture("core/training_arguments.json")));
    return spec;
}

TrainingArguments with(SchedulerType type, const Json& settings = Json::object())
{
    TrainingArguments arguments;
    arguments.lrSchedulerType = type;
    arguments.lrSchedulerKwargs = settings;
    return arguments;
}

} // namespace

void TestSchedule::lawVectors_data()
{
    QTest::addColumn<int>("index");
    const Json& values = law()["enums"]["SchedulerType"]["values"];
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].contains("test_vector")) {
            QTest::newRow(values[i]["value"].get<std::string>().c_str()) << static_cast<int>(i);
        }
    }
}

void TestSchedule::lawVectors()
{
    QFETCH(int, index);
    const Json& value = law()["enums"]["SchedulerType"]["values"][static_cast<std::size_t>(index)];
    const Json& vector = value["test_vector"];
    TrainingArguments arguments =
        with(*fromText<SchedulerType>(value["value"].get<std::string>()), vector["kwargs"]);
    arguments.warmupSteps = vector["warmup_steps"].get<std::int64_t>();
    arguments.learningRate = vector["learning_rate"].get<double>();
    const auto spec = scheduleSpec(arguments, vector["total_steps"].get<std::int64_t>());
    QVERIFY2(spec.ok(), spec ? "" : spec.error().message.c_str());
    std::int64_t step = 0;
    for (const Json& factor : vector["factors"]) {
        const double ours = lrFactor(*spec, step);
        // The law gives twelve digits.
        QVERIFY2(std::abs(ours - factor.get<double>()) < 1e-11, qPrintable(QString::number(ours, 'g', 17)));
        ++step;
    }
}

void TestSchedule::libraryVectors_data()
{
    QTest::addColumn<QString>("name");
    const Json file = Json::parse(test::readFile(test::fixture("core/lr_schedules.json")));
    for (auto it = file["schedules"].begin(); it != file["schedules"].end(); ++it) {
        QTest::newRow(it.key().c_str()) << QString::fromStdString(it.key());
    }
}

void TestSchedule::libraryVectors()
{
    QFETCH(QString, name);
    const Json file = Json::parse(test::readFile(test::fixture("core/lr_schedules.json")));
    Json settings = file["schedules"][name.toStdString()]["args"];
    TrainingArguments arguments = with(*fromText<SchedulerType>(name.toStdString()));
    arguments.learningRate = file["base_lr"].get<double>();
    arguments.warmupSteps = settings.value("num_warmup_steps", std::int64_t(0));
    const auto total = settings.value("num_training_steps", file["num_steps"].get<std::int64_t>());
    settings.erase("num_warmup_steps");
    settings.erase("num_training_steps");
    arguments.lrSchedulerKwargs = settings;
    const auto spec = scheduleSpec(arguments, total);
    QVERIFY2(spec.ok(), spec ? "" : spec.error().message.c_str());
    std::int64_t step = 0;
    for (const Json& rate : file["schedules"][name.toStdString()]["lrs"]) {
        QVERIFY(std::abs(lrAt(*spec, step) - rate.get<double>()) <= file["tolerance"].get<double>());
        ++step;
    }
}

void TestSchedule::warmupOfRatio()
{
    TrainingArguments arguments;
    arguments.warmupRatio = Number(0.07);
    QCOMPARE(scheduleSpec(arguments, 100)->warmupSteps, std::int64_t(8)); // 7.000000000000001 rounds up
    arguments.warmupSteps = 0.25;                                         // left there by set_lr_scheduler
    QCOMPARE(scheduleSpec(arguments, 100)->warmupSteps, std::int64_t(25));
}

void TestSchedule::edges()
{
    TrainingArguments arguments;
    arguments.warmupSteps = 10;
    auto spec = scheduleSpec(arguments, 10); // all warm-up
    QCOMPARE(lrFactor(*spec, 0), 0.0);
    QCOMPARE(lrFactor(*spec, 10), 0.0);
    QCOMPARE(lrFactor(*spec, 1000000), 0.0);

    arguments.lrSchedulerType = SchedulerType::Polynomial;
    spec = scheduleSpec(arguments, 10);
    QVERIFY(std::isfinite(lrFactor(*spec, 10)));
    QCOMPARE(lrFactor(*spec, 10), 1e-07 / 5e-05);

    arguments = with(SchedulerType::CosineWithMinLr, Json{{"min_lr", 1e-05}});
    spec = scheduleSpec(arguments, 10);
    QVERIFY(std::abs(lrAt(*spec, 10) - 1e-05) < 1e-18);
    QCOMPARE(lrFactor(*scheduleSpec(with(SchedulerType::InverseSqrt), 10), 30000), 0.5);
}

void TestSchedule::settingsOfTheLaw_data()
{
    lawVectors_data();
    QTest::newRow("reduce_lr_on_plateau") << 7;
}

void TestSchedule::settingsOfTheLaw()
{
    QFETCH(int, index);
    const Json& value = law()["enums"]["SchedulerType"]["values"][static_cast<std::size_t>(index)];
    const auto ours = settingsOf(*fromText<SchedulerType>(value["value"].get<std::string>()));
    QCOMPARE(ours.size(), value["kwargs"].size());
    for (const ScheduleSetting& setting : ours) {
        QVERIFY(value["kwargs"].contains(std::string(setting.name)));
        QVERIFY(!setting.help.empty());
    }
}

void TestSchedule::badSettings_data()
{
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("settings");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* name, SchedulerType type, const char* settings, const char* named) {
        QTest::newRow(name) << static_cast<int>(type) << settings << named;
    };
    row("unknown", SchedulerType::Linear, R"({"num_cycles": 1})", "num_cycles");
    row("unknown for cosine", SchedulerType::Cosine, R"({"power": 1})", "power");
    row("text", SchedulerType::Cosine, R"({"num_cycles": "half"})", "num_cycles");
    row("fraction", SchedulerType::CosineWithRestarts, R"({"num_cycles": 1.5})", "num_cycles");
    row("lr_end", SchedulerType::Polynomial, R"({"lr_end": 1})", "lr_end");
    row("no minimum", SchedulerType::CosineWithMinLr, "{}", "min_lr_rate");
    row("two minima", SchedulerType::CosineWithMinLr, R"({"min_lr": 0, "min_lr_rate": 0})", "min_lr_rate");
    row("no decay", SchedulerType::WarmupStableDecay, "{}", "num_decay_steps");
    row("curve", SchedulerType::WarmupStableDecay, R"({"num_decay_steps": 2, "decay_type": "sqrt"})",
        "1-sqrt");
    row("mode", SchedulerType::ReduceLrOnPlateau, R"({"mode": "larger"})", "mode");
    row("factor", SchedulerType::ReduceLrOnPlateau, R"({"factor": 1.0})", "factor");
}

void TestSchedule::badSettings()
{
    QFETCH(int, type);
    QFETCH(QString, settings);
    QFETCH(QString, named);
    const auto spec =
        scheduleSpec(with(static_cast<SchedulerType>(type), Json::parse(settings.toStdString())), 10);
    QVERIFY(!spec.ok());
    QVERIFY2(spec.error().message.find(named.toStdString()) != std::string::npos,
             spec.error().message.c_str());
    // Schedules that ignore settings ignore these too.
    QVERIFY(scheduleSpec(with(SchedulerType::Constant, Json::parse(settings.toStdString())), 10).ok());
}

void TestSchedule::plateauLawVector()
{
    const Json& vector = law()["test_vectors"]["reduce_lr_on_plateau"];
    const auto options = PlateauSchedule::optionsOf(with(SchedulerType::ReduceLrOnPlateau, vector["kwargs"]));
    QVERIFY(options.ok());
    PlateauSchedule schedule(*options);
    double rate = vector["learning_rate"].get<double>();
    for (std::size_t i = 0; i < vector["metrics"].size(); ++i) {
        if (schedule.evaluated(vector["metrics"][i].get<double>())) {
            rate = schedule.reduced(rate);
        }
        QCOMPARE(rate, vector["learning_rates"][i].get<double>());
    }
}

void TestSchedule::plateauModes()
{
    PlateauSchedule up({.largerIsBetter = true,
                        .factor = 0.5,
                        .patience = 0,
                        .threshold = 0.1,
                        .relative = false,
                        .cooldown = 2,
                        .minLr = 0.3,
                        .eps = 1e-8});
    QVERIFY(!up.evaluated(0.5));
    QVERIFY(up.evaluated(0.6)); // not more than 0.1 better
    QCOMPARE(up.reduced(1.0), 0.5);
    QCOMPARE(up.reduced(0.4), 0.3);
    QCOMPARE(up.reduced(0.3), 0.3);
    QVERIFY(!up.evaluated(0.0)); // cooling down
    QVERIFY(!up.evaluated(0.0));
    QVERIFY(up.evaluated(0.0));

    PlateauSchedule plain;
    QVERIFY(!plain.evaluated(std::nan(""))); // counts as bad, patience is 10
    QCOMPARE(plain.state().badEvaluations, std::int64_t(1));
}

void TestSchedule::plateauRestores()
{
    PlateauSchedule first({.patience = 2});
    for (const double metric : {1.0, 1.0, 1.0}) {
        first.evaluated(metric);
    }
    PlateauSchedule second({.patience = 2});
    second.restore(first.state());
    QVERIFY(first.evaluated(1.0));
    QVERIFY(second.evaluated(1.0));
}

QTEST_APPLESS_MAIN(TestSchedule)
#include "tst_schedule.moc"
